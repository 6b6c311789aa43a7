/** Whether a pod that goes is made again. Pure. */
import type { PodRecord } from "./pod-record.ts";

/**
 * Whether something makes a new pod in place of this one, as far as its ownerReferences say. A static pod's owner is
 * its node.
 */
export function hasController({ judged: { workload } }: PodRecord): boolean {
  return !workload.startsWith("Pod/") && !workload.startsWith("Node/");
}
