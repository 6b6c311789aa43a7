/** For tests: a ClusterHealthPolicy as the API server gives it. */
import type {
  ClusterHealthPolicy,
  ClusterHealthPolicySpec,
} from "../../../api/v1alpha1-cluster.ts";

/** The ClusterHealthPolicy `standard`, which reaches every namespace, with these fields instead of its own. */
export function rawClusterPolicy(
  metadata: Partial<ClusterHealthPolicy["metadata"]> = {},
  spec: Partial<ClusterHealthPolicySpec> = {},
): ClusterHealthPolicy {
  return {
    apiVersion: "healthpolicy.dev/v1alpha1",
    kind: "ClusterHealthPolicy",
    metadata: {
      name: "standard",
      uid: "7c1d3f0e-0000-4000-8000-000000000001",
      generation: 1,
      creationTimestamp: "2026-01-01T00:00:00Z",
      resourceVersion: "10",
      ...metadata,
    },
    spec: { namespaceSelector: {}, ...spec },
  };
}
