/** What became of the eviction that a policy's status tells of. Pure. */
import type { RolloutStatus } from "../../api/v1alpha1-rollout-status.ts";
import { type WorkloadState, whyWait } from "./workload-state.ts";

/** An eviction under way. */
export type Evicting = NonNullable<RolloutStatus["evicting"]>;

/** What became of it. */
export type LastEviction =
  /** The pod is still there, or a new one that is as the policy asks has taken its place. */
  | { is: "over" }
  /** Not over yet; `message` ends "waits for ...". */
  | { is: "underWay"; message: string }
  /** Another eviction there would help as little as this one did. */
  | { is: "useless" };

/** The same for a workload of which no pod is left. */
const noPods = (name: string): WorkloadState => ({ name, pods: [], ending: [], toRestart: [] });

/**
 * Judges the eviction by what is there now, so that it does not matter which leader asked for it. `revision` is what
 * new pods have to be like now; `tooLong`: pods are missing for so long that none will come.
 */
export function lastEviction(
  evicting: Evicting,
  found: WorkloadState | undefined,
  { revision, tooLong }: { revision: string; tooLong: boolean },
): LastEviction {
  const state = found ?? noPods(evicting.workload);
  // Refused, or never asked for: the leader before this one may have ended in between.
  if (state.pods.some(({ uid }) => uid === evicting.uid)) return { is: "over" };
  const wait = whyWait(state);
  if (wait) return { is: "underWay", message: wait };
  const isComparable = evicting.revision === revision;
  const current = state.pods.length - state.toRestart.length;
  if (isComparable && current > evicting.current) return { is: "over" };
  if (state.pods.length >= evicting.pods) return { is: isComparable ? "useless" : "over" };
  if (tooLong) return { is: "useless" };
  const have = `${state.pods.length} of ${evicting.pods} pods are there`;
  return { is: "underWay", message: `${evicting.workload}: ${have}` };
}
