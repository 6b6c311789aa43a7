/** What every replica keeps of the ClusterHealthPolicies. */
import { isDeepStrictEqual } from "node:util";
import type { ClusterHealthPolicy, ClusterHealthPolicySpec } from "../../api/v1alpha1-cluster.ts";
import type { ClusterHealthPolicyStatus } from "../../api/v1alpha1-cluster-status.ts";
import { isGone } from "../kube/is-gone.ts";
import type { KubeObject } from "../kube/kube-object.ts";
import type { Change } from "../kube/watch.ts";

/** A ClusterHealthPolicy, cut down. */
export interface ClusterPolicyRecord
  extends Pick<ClusterHealthPolicySpec, "namespaceSelector" | "defaults" | "standards"> {
  name: string;
  uid: string;
  generation: number;
  creationTimestamp: string;
  /** As the API server has it. */
  status: ClusterHealthPolicyStatus | undefined;
}

/** Cuts a ClusterHealthPolicy down; one that counts as gone is left out. */
export function projectClusterPolicy(object: KubeObject): ClusterPolicyRecord | undefined {
  const { metadata, spec, status } = object as unknown as ClusterHealthPolicy;
  const { name, uid, generation, creationTimestamp } = metadata;
  if (isGone(metadata)) return undefined;
  return { ...spec, name, uid, generation, creationTimestamp, status };
}

/** What of a record decides about policies and workloads: all but the status. */
function decidingPart(record: ClusterPolicyRecord | undefined): object | undefined {
  if (!record) return undefined;
  const { status: _, ...rest } = record;
  return rest;
}

/** Whether more than the status has changed. */
export function decidesAnew({ old, now }: Change<ClusterPolicyRecord>): boolean {
  return !isDeepStrictEqual(decidingPart(old), decidingPart(now));
}
