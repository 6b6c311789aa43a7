/** Whether a pod has more parts than one that can run. */
import type { Pod } from "./pod.ts";

/** Containers of a pod that is looked at, and its init containers, each. One of 50,000 took the webhook a second. */
export const MAX_CONTAINERS = 256;
/** Its volumes and the ports of all its containers, together. */
export const MAX_OTHER_PARTS = 1_024;

/**
 * Whether it was written to make the webhook work: each rule looks through all containers and their ports once more.
 * 64 KB of `{}` as containers took 20 to 38 ms of CPU, and as ports 8.
 */
export function hasTooManyParts({ spec }: Pod): boolean {
  const { containers = [], initContainers = [], volumes = [] } = spec ?? {};
  if (containers.length > MAX_CONTAINERS || initContainers.length > MAX_CONTAINERS) return true;
  const lists = [volumes, ...[...containers, ...initContainers].map((one) => one?.ports ?? [])];
  return lists.reduce((sum, list) => sum + (list.length ?? 0), 0) > MAX_OTHER_PARTS;
}
