/** How often pods may be evicted, over all policies of the cluster. */

/**
 * A new leader evicts nothing for this long at least: the pod that the last one evicted may be gone from the cache of
 * pods, and the new one in its place not there yet.
 */
export const SETTLE_MILLISECONDS = 10_000;
const MINUTE_MILLISECONDS = 60_000;
/** A turn with which no pod went costs so much: thousands of workloads that refuse are tried no faster. */
const GIVEN_BACK_MILLISECONDS = 1_000;

/** Turns, evenly spread: there is no burst, so that no minute has more than its number. */
export interface EvictionPace {
  /** Milliseconds until a pod may be evicted; 0: now. */
  wait(): number;
  /** Uses the turn up; whether there was one. */
  take(): boolean;
  /**
   * Gives the turn back that was taken last: no pod went. The next one comes after a second at most. Otherwise
   * workloads whose budgets never let one go would take the turns of all others.
   */
  giveBack(): void;
}

/** The pace of a leader that has just begun: the first turn comes after a whole interval. */
export function createEvictionPace(perMinute: number): EvictionPace {
  const interval = MINUTE_MILLISECONDS / perMinute;
  let next = performance.now() + Math.max(SETTLE_MILLISECONDS, interval);
  const wait = () => Math.max(0, Math.ceil(next - performance.now()));
  return {
    wait,
    take: () => {
      if (wait() > 0) return false;
      next = performance.now() + interval;
      return true;
    },
    giveBack: () => {
      next = Math.min(next, performance.now() + GIVEN_BACK_MILLISECONDS);
    },
  };
}
