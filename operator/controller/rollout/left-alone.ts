/** Which workloads are left alone, as an eviction has not helped there. Pure. */
import { MAX_STOPPED_WORKLOADS } from "../../api/v1alpha1-rollout-status.ts";
import { currentPods, type WorkloadState } from "./workload-state.ts";

/** Workloads that are left alone, each with how many of its pods were as the policy asks when that began. */
export type LeftAlone = ReadonlyMap<string, number>;

/**
 * Those of `candidates` that stay so: while pods there are to be restarted, and no more of its pods than at the
 * beginning are as the policy asks. One more shows that new pods come and get what they are to have: a quota was
 * raised, or the workload was scaled. `before` is what the leader knows; of one that it has from the status alone, the
 * beginning is now.
 */
export function leftAlone(
  candidates: readonly string[],
  states: ReadonlyMap<string, WorkloadState>,
  before: LeftAlone,
): LeftAlone {
  const left = new Map<string, number>();
  for (const name of candidates) {
    const state = states.get(name);
    if (!state || state.toRestart.length === 0 || left.size === MAX_STOPPED_WORKLOADS) continue;
    const current = currentPods(state);
    const atFirst = before.get(name) ?? current;
    if (current <= atFirst) left.set(name, atFirst);
  }
  return left;
}

const HELP = "restart it yourself, or edit the policy to have it tried again";

/** What is said of them; there is at least one. */
export function stoppedMessage(stopped: readonly string[]): string {
  const [first, ...more] = stopped;
  const others = more.length > 0 ? ` and ${more.length} more` : "";
  return `Left alone: ${first}${others}, where an eviction brought no pod that is as the policy asks; ${HELP}.`;
}
