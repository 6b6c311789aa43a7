import { expect, test } from "@jest/globals";
import type { EffectivePolicy } from "../../api/effective-policy.ts";
import { testPolicy } from "../../api/testing/policy.ts";
import { settleMilliseconds } from "./settle-time.ts";

const { timing, probe } = testPolicy();

test.each<[string, Partial<EffectivePolicy>, number]>([
  ["with the default times their bound", {}, 16_000],
  ["longer where other pods are asked", { maxUnready: { percent: 50 } }, 18_500],
  [
    "10 s at least",
    {
      timing: { ...timing, checkTimeoutMilliseconds: 1_000, intervalMilliseconds: 1_000 },
      probe: { ...probe, periodSeconds: 1 },
    },
    10_000,
  ],
  ["60 s at most", { timing: { ...timing, intervalMilliseconds: 600_000 } }, 60_000],
])("%s", (_what, overrides, milliseconds) => {
  expect(settleMilliseconds({ ...testPolicy(), ...overrides })).toBe(milliseconds);
});
