/** How long to wait after failures in a row. One formula for watches and queue. */

/** Waits in milliseconds. */
export interface BackoffTimes {
  /** After the first failure; doubled by each further one. */
  firstBackoff: number;
  /** The longest wait. */
  maxBackoff: number;
}

/** The longest wait is reached long before; without this limit the product would become Infinity. */
const MOST_DOUBLINGS = 20;

/**
 * Milliseconds to wait after `failures` earlier failures in a row, 0 after the first one. From half to
 * all of the full wait, so that what failed together does not come back together. `random` is from 0 to 1.
 */
export function backoffMilliseconds(
  failures: number,
  { firstBackoff, maxBackoff }: BackoffTimes,
  random: number,
): number {
  const full = Math.min(maxBackoff, firstBackoff * 2 ** Math.min(failures, MOST_DOUBLINGS));
  return full * (0.5 + random / 2);
}
