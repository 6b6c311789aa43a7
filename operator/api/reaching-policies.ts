/** Which ClusterHealthPolicies reach a namespace. */
import { byAge, selectorMatches } from "./select-policy.ts";
import type { LabelSelector } from "./v1alpha1-selector.ts";

/** What of a ClusterHealthPolicy decides where it counts, and which of two is older. */
export interface ClusterCandidate {
  name: string;
  creationTimestamp: string;
  namespaceSelector: LabelSelector;
}

/** A namespace, as far as it decides. */
export interface LabelledNamespace {
  name: string;
  labels: Readonly<Record<string, string>>;
}

/** Those of `policies` that reach the namespace, the oldest first; `excluded` are never reached. */
export function reachingPolicies<P extends ClusterCandidate>(
  policies: Iterable<P>,
  { name, labels }: LabelledNamespace,
  excluded: readonly string[],
): P[] {
  if (excluded.includes(name)) return [];
  return [...policies]
    .filter(({ namespaceSelector }) => selectorMatches(namespaceSelector, labels))
    .sort(byAge);
}
