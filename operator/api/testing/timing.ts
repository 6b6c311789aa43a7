/** Times of the checks for tests: the built-in ones, as numbers. */
import type { Timing } from "../timing.ts";

/** Stated as literals: what is made from the defaults would follow a default that changed by mistake. */
export const TIMING: Timing = {
  connectTimeoutMilliseconds: 3_000,
  checkTimeoutMilliseconds: 4_000,
  intervalMilliseconds: 5_000,
  failureThreshold: 2,
  successThreshold: 1,
};
