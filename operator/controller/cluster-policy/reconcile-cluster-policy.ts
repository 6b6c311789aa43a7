/** What the leader does about one ClusterHealthPolicy: count, decide, write its status. */
import { CLUSTER_HEALTH_POLICIES } from "../../api/names.ts";
import type { ClusterHealthPolicyStatus } from "../../api/v1alpha1-cluster-status.ts";
import type { Caches } from "../caches.ts";
import { IDLE_MILLISECONDS } from "../idle-time.ts";
import { isAnswerToReplaced } from "../kube/api-error.ts";
import type { KubeClient } from "../kube/kube-client.ts";
import { keyOf } from "../kube/kube-object.ts";
import type { NamespaceRecord } from "../kube/namespace.ts";
import type { PodWatches } from "../pods/pod-watches.ts";
import type { ResolvedPolicy } from "../policy/policy-cache.ts";
import { createStatusWriter, type StatusKind, withoutMessages } from "../policy/write-status.ts";
import { type Coverage, coverageOf } from "../standards/coverage.ts";
import type { ClusterPolicyRecord } from "./cluster-policy-cache.ts";
import { type ClusterPolicyFacts, clusterPolicyStatus } from "./cluster-policy-status.ts";

/** ClusterHealthPolicies. */
const CLUSTER_POLICY_STATUS: StatusKind<ClusterHealthPolicyStatus> = {
  plural: CLUSTER_HEALTH_POLICIES,
  heldBackBecause: () => undefined,
  withoutCounts: ({ namespaces: _, coverage: __, conditions, ...rest }) => ({
    ...rest,
    conditions: withoutMessages(conditions),
  }),
};

/** The leader's work on ClusterHealthPolicies. */
export interface ClusterReconciler {
  /** Works on a policy; resolves with the milliseconds until it wants to be called again. */
  reconcile(policy: { name: string }): Promise<number | undefined>;
  /** How workloads stood to the standards when they were last counted, by name of the ClusterHealthPolicy. */
  coverages(): ReadonlyMap<string, Coverage>;
}

/** Whether the policy cannot be used because of a value of the ClusterHealthPolicy `name`. */
function isUnfit({ resolution }: ResolvedPolicy, name: string): boolean {
  return "invalid" in resolution && resolution.between.includes(`ClusterHealthPolicy/${name}`);
}

/** A reconciler that remembers nothing yet. */
export function createClusterReconciler(options: {
  client: KubeClient;
  caches: Pick<Caches, "clusterPolicies" | "clusterPoliciesOf" | "namespaces" | "index">;
  pods: Pick<PodWatches, "pods" | "synced">;
}): ClusterReconciler {
  const { client, caches, pods } = options;
  const coverages = new Map<string, Coverage>();
  const statuses = createStatusWriter(client, CLUSTER_POLICY_STATUS);

  /** Undefined without standards. What stood is kept until all pods are known, as after a change of leaders. */
  function countCoverage(
    record: ClusterPolicyRecord,
    reached: readonly NamespaceRecord[],
  ): ClusterHealthPolicyStatus["coverage"] {
    if (!record.standards) {
      coverages.delete(record.name);
      return undefined;
    }
    if (!reached.every(({ name }) => pods.synced(name))) return statuses.previous(record)?.coverage;
    const namespaces = reached.map(({ name }) => [name, pods.pods(name)] as const);
    const coverage = coverageOf(record.standards, namespaces);
    coverages.set(record.name, coverage);
    return coverage;
  }

  function readFacts(record: ClusterPolicyRecord): ClusterPolicyFacts {
    const reached = [...caches.namespaces.values()].filter((namespace) =>
      caches.clusterPoliciesOf(namespace).some(({ name }) => name === record.name),
    );
    const unfit = reached
      .flatMap(({ name }) => caches.index.resolved(name))
      .filter((resolved) => isUnfit(resolved, record.name));
    return {
      generation: record.generation,
      namespaces: reached.length,
      unfit: unfit.map((resolved) => keyOf(resolved.record)),
      coverage: countCoverage(record, reached),
      previous: statuses.previous(record),
      now: new Date(),
    };
  }

  return {
    reconcile: async ({ name }) => {
      const record = caches.clusterPolicies.get(name);
      if (!record) {
        statuses.forget(name);
        coverages.delete(name);
        return undefined;
      }
      try {
        const wait = await statuses.write(record, clusterPolicyStatus(readFacts(record)));
        return wait ?? IDLE_MILLISECONDS;
      } catch (error) {
        // Deleted or replaced while we worked: the watch will say so.
        if (isAnswerToReplaced(error) && caches.clusterPolicies.get(name)?.uid !== record.uid)
          return undefined;
        throw error;
      }
    },
    coverages: () => coverages,
  };
}
