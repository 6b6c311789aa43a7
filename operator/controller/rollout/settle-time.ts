/** How long a new pod has to stay ready before the next one goes. Pure. */
import type { EffectivePolicy } from "../../api/effective-policy.ts";
import { bounds } from "../../api/timing.ts";

/** A process that starts in vain has ended by then, most times. */
const LEAST_MILLISECONDS = 10_000;
/** With an interval of minutes a rollout would else take hours. */
const MOST_MILLISECONDS = 60_000;

/**
 * Milliseconds: as long as the pod's sidecar takes to make it unready where a dependency does not bear the new pod,
 * 10 s at least and 60 s at most. A Deployment's `minReadySeconds` says it better, but the operator reads no workloads.
 */
export function settleMilliseconds({ timing, probe, maxUnready }: EffectivePolicy): number {
  const { unreadyWithinMilliseconds } = bounds(timing, probe, maxUnready !== undefined);
  return Math.min(Math.max(unreadyWithinMilliseconds, LEAST_MILLISECONDS), MOST_MILLISECONDS);
}
