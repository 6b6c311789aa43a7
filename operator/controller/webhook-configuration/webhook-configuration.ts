/** The MutatingWebhookConfiguration: which pods the API server asks us about. Pure. */
import {
  ADMISSION_PATH,
  excludedNamespaces,
  INJECT_LABEL,
  PROOF_PATH,
  WEBHOOK_PROOF_LABEL,
} from "../../api/names.ts";
import type { OwnerReference } from "../kube/owner-reference.ts";

/** Its name; the chart's role allows this one and no other. */
export const WEBHOOK_CONFIGURATION = "healthpolicy";
/**
 * Up to so many namespaces are listed, an object of that size being quick to match and to store. With more,
 * every namespace is asked about but the excluded ones.
 */
const MAX_LISTED_NAMESPACES = 500;

/** Label that every namespace carries with its own name. */
const NAMESPACE_NAME_LABEL = "kubernetes.io/metadata.name";

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
  /** Namespaces with a policy or with standards that are applied, in any order, also twice. */
  namespaces: Iterable<string>;
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

/** Of these the namespaces that injection reaches, sorted. */
export function namespacesToList(namespaces: Iterable<string>, ownNamespace: string): string[] {
  const excluded = excludedNamespaces(ownNamespace);
  return [...new Set(namespaces)].filter((name) => !excluded.includes(name)).sort();
}

function namespaceSelector(listed: string[], ownNamespace: string): Requirement[] {
  const names: Requirement =
    listed.length > MAX_LISTED_NAMESPACES
      ? { key: NAMESPACE_NAME_LABEL, operator: "NotIn", values: excludedNamespaces(ownNamespace) }
      : { key: NAMESPACE_NAME_LABEL, operator: "In", values: listed };
  return [names, NOT_OPTED_OUT];
}

/** What both webhooks have in common. */
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

function injection(options: WebhookConfigurationOptions, listed: string[]) {
  return {
    ...common(options, ADMISSION_PATH),
    name: "inject.healthpolicy.dev",
    rules: [rule("pods", ["CREATE"])],
    // A webhook after ours may add a container that declares our port.
    reinvocationPolicy: "IfNeeded",
    namespaceSelector: { matchExpressions: namespaceSelector(listed, options.target.namespace) },
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

/**
 * The whole object, as it is applied. Without a namespace to reach nothing is injected: an empty
 * selector would stand for every namespace. The proof stands always, so that an operator that API servers
 * do not reach is seen before the first policy is written.
 */
export function webhookConfiguration(options: WebhookConfigurationOptions) {
  const listed = namespacesToList(options.namespaces, options.target.namespace);
  return {
    apiVersion: "admissionregistration.k8s.io/v1",
    kind: "MutatingWebhookConfiguration",
    metadata: { name: WEBHOOK_CONFIGURATION, ownerReferences: [options.owner] },
    webhooks: [...(listed.length === 0 ? [] : [injection(options, listed)]), proof(options)],
  };
}
