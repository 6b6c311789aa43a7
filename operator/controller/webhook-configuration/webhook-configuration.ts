/** The MutatingWebhookConfiguration: which pods the API server asks us about. Pure. */
import { ADMISSION_PATH, INJECT_LABEL, NEVER_INJECTED_NAMESPACES } from "../../api/names.ts";
import type { OwnerReference } from "../kube/owner-reference.ts";

/** Its name; the chart's role allows this one and no other. */
export const WEBHOOK_CONFIGURATION = "healthpolicy";
/** Up to so many namespaces are listed; an object of that size is still quick to match and to store. */
export const MAX_LISTED_NAMESPACES = 500;

/** Label that every namespace carries with its own name. */
const NAMESPACE_NAME_LABEL = "kubernetes.io/metadata.name";

export interface WebhookTarget {
  /** The operator's own namespace, where its Service is and nothing is ever injected. */
  namespace: string;
  service: string;
  timeoutSeconds: number;
}

export interface WebhookConfigurationOptions {
  /** PEM certificates of the authorities whose certificates the webhook may show. */
  caBundle: string;
  /** Namespaces with a policy, in any order. */
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

const NOT_OPTED_OUT: Requirement = { key: INJECT_LABEL, operator: "NotIn", values: ["false"] };

/** Namespaces that no policy reaches. */
export function excludedNamespaces(ownNamespace: string): string[] {
  return [...new Set([...NEVER_INJECTED_NAMESPACES, ownNamespace])].sort();
}

/** The namespaces with a policy that injection reaches, sorted. */
export function reachedNamespaces(namespaces: Iterable<string>, ownNamespace: string): string[] {
  const excluded = excludedNamespaces(ownNamespace);
  return [...new Set(namespaces)].filter((name) => !excluded.includes(name)).sort();
}

function namespaceSelector(reached: string[], ownNamespace: string): Requirement[] {
  const names: Requirement =
    reached.length > MAX_LISTED_NAMESPACES
      ? { key: NAMESPACE_NAME_LABEL, operator: "NotIn", values: excludedNamespaces(ownNamespace) }
      : { key: NAMESPACE_NAME_LABEL, operator: "In", values: reached };
  return [names, NOT_OPTED_OUT];
}

/**
 * The whole object, as it is applied. Without a namespace to reach it has no webhook at all: an empty
 * selector would stand for every namespace.
 */
export function webhookConfiguration(options: WebhookConfigurationOptions) {
  const { caBundle, target, owner } = options;
  const reached = reachedNamespaces(options.namespaces, target.namespace);
  const webhook = {
    name: "inject.healthpolicy.dev",
    admissionReviewVersions: ["v1"],
    clientConfig: {
      service: {
        namespace: target.namespace,
        name: target.service,
        path: ADMISSION_PATH,
        port: 443,
      },
      caBundle: Buffer.from(caBundle).toString("base64"),
    },
    rules: [
      {
        apiGroups: [""],
        apiVersions: ["v1"],
        operations: ["CREATE"],
        resources: ["pods"],
        scope: "Namespaced",
      },
    ],
    // Never Fail: an operator that is down must cost pods their sidecar, not their creation.
    failurePolicy: "Ignore",
    matchPolicy: "Equivalent",
    // A webhook after ours may add a container that declares our port.
    reinvocationPolicy: "IfNeeded",
    sideEffects: "None",
    timeoutSeconds: target.timeoutSeconds,
    namespaceSelector: { matchExpressions: namespaceSelector(reached, target.namespace) },
    objectSelector: { matchExpressions: [NOT_OPTED_OUT] },
  };
  return {
    apiVersion: "admissionregistration.k8s.io/v1",
    kind: "MutatingWebhookConfiguration",
    metadata: { name: WEBHOOK_CONFIGURATION, ownerReferences: [owner] },
    webhooks: reached.length === 0 ? [] : [webhook],
  };
}
