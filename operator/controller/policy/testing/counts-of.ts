/** For tests: counts with what a test does not care about filled in. */
import { NO_PODS, type PodCounts } from "../pod-counts.ts";

/** Counts of a policy whose three pods are as they should be. */
export function countsOf(overrides: Partial<PodCounts> = {}): PodCounts {
  return { ...NO_PODS, matched: 3, injected: 3, ...overrides };
}
