/** Pure: how often a dependency was checked, how long that took, and why it failed. */
import type { Reason } from "../api/reasons.ts";
import type { CheckResult } from "./verdict.ts";

/**
 * Upper bounds of the histogram's buckets in seconds: from a query beside the pod to the longest
 * check that times allow in practice. Few, because each is a series per dependency and pod.
 */
export const BUCKETS_SECONDS: readonly number[] = [
  0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10,
];

/** The checks of one dependency since the sidecar started or the policy changed it. */
export interface CheckCounts {
  /** Checks by bucket, each counted once; the last is for everything longer. */
  buckets: readonly number[];
  /** How long all of them took together. */
  sumSeconds: number;
  /** Failed checks by reason. */
  failures: Readonly<Partial<Record<Reason, number>>>;
}

/** The counts before the first check. */
export const NO_CHECKS: CheckCounts = {
  buckets: new Array(BUCKETS_SECONDS.length + 1).fill(0),
  sumSeconds: 0,
  failures: {},
};

/** The counts with one more check, which took so many milliseconds. */
export function counted(
  { buckets, sumSeconds, failures }: CheckCounts,
  result: CheckResult,
  milliseconds: number,
): CheckCounts {
  const seconds = milliseconds / 1_000;
  const found = BUCKETS_SECONDS.findIndex((bound) => seconds <= bound);
  const bucket = found === -1 ? BUCKETS_SECONDS.length : found;
  return {
    buckets: buckets.map((count, index) => (index === bucket ? count + 1 : count)),
    sumSeconds: sumSeconds + seconds,
    failures: result.ok
      ? failures
      : { ...failures, [result.reason]: (failures[result.reason] ?? 0) + 1 },
  };
}
