/** A token bucket: how fast something may be done over time, and how often at once. */

/** How much may be done, and how fast. */
export interface TokenBucketOptions {
  perSecond: number;
  /** How many may be done at once after a time without any. */
  burst: number;
}

/** Gives out turns, in the order in which they are asked for. */
export interface TokenBucket {
  /** Takes the next turn; returns when it is, in milliseconds of `performance.now()`. Never in the past. */
  take(): number;
  /** Whether as much may be done at once as ever. */
  isFull(): boolean;
}

/** A full bucket. */
export function createTokenBucket({ perSecond, burst }: TokenBucketOptions): TokenBucket {
  const interval = 1_000 / perSecond;
  /** When the bucket will be full again, seen from now. */
  let fullAt = performance.now();
  return {
    take: () => {
      const now = performance.now();
      fullAt = Math.max(fullAt, now) + interval;
      return Math.max(now, fullAt - burst * interval);
    },
    isFull: () => fullAt <= performance.now(),
  };
}
