import { expect, test } from "@jest/globals";
import { backoffMilliseconds } from "./backoff.ts";

const TIMES = { firstBackoff: 200, maxBackoff: 1_500 };

test.each([
  [0, 1, 200],
  [1, 1, 400],
  [2, 1, 800],
  [3, 1, 1_500],
  [1_000_000, 1, 1_500],
  [0, 0, 100],
  [2, 0.5, 600],
])("after %d earlier failures, drawn at %d: %d ms", (failures, random, want) => {
  expect(backoffMilliseconds(failures, TIMES, random)).toBe(want);
});
