/** The MutatingWebhookConfiguration: which pods the API server asks us about. Pure. */
import {
  ADMISSION_PATH,
  excludedNamespaces,
  INJECT_LABEL,
  NAMESPACE_NAME_LABEL,
  PROOF_PATH,
  WEBHOOK_PROOF_LABEL,
} from "../../api/names.ts";
import type { LabelSelector } from "../../api/v1alpha1-selector.ts";
import type { OwnerReference } from "../kube/owner-reference.ts";
import { type CalledNamespaces, MAX_LISTED_NAMESPACES } from "./called-namespaces.ts";

/** Its name; the chart's role allows this one and no other. */
export const WEBHOOK_CONFIGURATION = "healthpolicy";
const CONFIGURATIONS = "/apis/admissionregistration.k8s.io/v1/mutatingwebhookconfigurations";
/** Its path at the API server. */
export const WEBHOOK_CONFIGURATION_PATH = `${CONFIGURATIONS}/${WEBHOOK_CONFIGURATION}`;

/** Where API servers find the webhook. */
export interface WebhookTarget {
  /** The operator's own namespace, where its Service is and nothing is ever injected. */
  namespace: string;
  service: string;
  timeoutSeconds: number;
}

/** What the configuration is made from. */
export interface WebhookConfigurationOptions {
  /** PEM certificates of the authorities whose certificates the webhook may show. */
  caBundle: string;
  /** About whose pods the API server asks. */
  called: CalledNamespaces;
  target: WebhookTarget;
  /** Deleted with this object, so that uninstalling the chart leaves no webhook behind. */
  owner: OwnerReference;
}

/** A requirement of a label selector. */
interface Requirement {
  key: string;
  operator: "In" | "NotIn";
  values: string[];
}

const only = (key: string, value: string): Requirement => ({
  key,
  operator: "In",
  values: [value],
});

const NOT_OPTED_OUT: Requirement = { key: INJECT_LABEL, operator: "NotIn", values: ["false"] };

const excludedNames = (ownNamespace: string, listed: readonly string[] = []): Requirement => ({
  key: NAMESPACE_NAME_LABEL,
  operator: "NotIn",
  values: [...excludedNamespaces(ownNamespace), ...listed],
});

function listedNamespaces({ listed }: CalledNamespaces, ownNamespace: string) {
  const names: Requirement =
    listed.length > MAX_LISTED_NAMESPACES
      ? excludedNames(ownNamespace)
      : { key: NAMESPACE_NAME_LABEL, operator: "In", values: listed };
  return { matchExpressions: [names, NOT_OPTED_OUT] };
}

/** The selector without what is excluded, and without what is listed: a pod there would cost two calls. */
function furtherNamespaces(
  { matchLabels, matchExpressions = [] }: LabelSelector,
  { listed }: CalledNamespaces,
  ownNamespace: string,
) {
  return {
    ...(matchLabels && { matchLabels }),
    matchExpressions: [...matchExpressions, excludedNames(ownNamespace, listed), NOT_OPTED_OUT],
  };
}

/** What all webhooks have in common. */
function common({ caBundle, target }: WebhookConfigurationOptions, path: string) {
  return {
    admissionReviewVersions: ["v1"],
    clientConfig: {
      service: { namespace: target.namespace, name: target.service, path, port: 443 },
      caBundle: Buffer.from(caBundle).toString("base64"),
    },
    // Never Fail: an operator that is down must cost pods their sidecar, not their creation.
    failurePolicy: "Ignore",
    matchPolicy: "Equivalent",
    sideEffects: "None",
    timeoutSeconds: target.timeoutSeconds,
  };
}

function rule(resource: string, operations: string[]) {
  return {
    apiGroups: [""],
    apiVersions: ["v1"],
    operations,
    resources: [resource],
    scope: "Namespaced",
  };
}

function injection(options: WebhookConfigurationOptions, name: string, namespaceSelector: object) {
  return {
    ...common(options, ADMISSION_PATH),
    name,
    rules: [rule("pods", ["CREATE"])],
    // A webhook after ours may add a container that declares our port.
    reinvocationPolicy: "IfNeeded",
    namespaceSelector,
    objectSelector: { matchExpressions: [NOT_OPTED_OUT] },
  };
}

/** Called for one ConfigMap of the operator's own namespace, which proves that API servers get here. */
function proof(options: WebhookConfigurationOptions) {
  return {
    ...common(options, PROOF_PATH),
    name: "prove.healthpolicy.dev",
    // UPDATE for the case that somebody has stored a ConfigMap of that name.
    rules: [rule("configmaps", ["CREATE", "UPDATE"])],
    reinvocationPolicy: "Never",
    namespaceSelector: {
      matchExpressions: [only(NAMESPACE_NAME_LABEL, options.target.namespace)],
    },
    objectSelector: { matchExpressions: [only(WEBHOOK_PROOF_LABEL, "true")] },
  };
}

/** One webhook for the names, where there are any, and one for each selector. */
function injections(options: WebhookConfigurationOptions) {
  const { called, target } = options;
  const byName = listedNamespaces(called, target.namespace);
  return [
    ...(called.listed.length === 0 ? [] : [injection(options, "inject.healthpolicy.dev", byName)]),
    ...called.selectors.map((selector, index) =>
      injection(
        options,
        `standards-${index}.healthpolicy.dev`,
        furtherNamespaces(selector, called, target.namespace),
      ),
    ),
  ];
}

/**
 * The whole object, as it is applied. Without a namespace to reach nothing is injected: an empty
 * selector would stand for every namespace. The proof stands always, so that an operator that API servers
 * do not reach is seen before the first policy is written.
 */
export function webhookConfiguration(options: WebhookConfigurationOptions) {
  return {
    apiVersion: "admissionregistration.k8s.io/v1",
    kind: "MutatingWebhookConfiguration",
    metadata: { name: WEBHOOK_CONFIGURATION, ownerReferences: [options.owner] },
    webhooks: [...injections(options), proof(options)],
  };
}
