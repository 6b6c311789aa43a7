import { describe, expect, test } from "@jest/globals";
import {
  bounds,
  durationMilliseconds,
  formatDuration,
  staleAfterMilliseconds,
  whyNotNested,
} from "./timing.ts";

const TIMING = {
  connectTimeoutMilliseconds: 3_000,
  checkTimeoutMilliseconds: 4_000,
  intervalMilliseconds: 5_000,
  failureThreshold: 2,
  successThreshold: 1,
};
const PROBE = { periodSeconds: 2, timeoutSeconds: 5 };

describe("durationMilliseconds", () => {
  test.each([
    ["500ms", 500],
    ["3s", 3_000],
    ["1m", 60_000],
  ])("reads %s", (text, want) => {
    expect(durationMilliseconds(text)).toBe(want);
  });

  test.each(["3", "3 s", "1e9s", "-1s", "", "s", "3h", "3.5s"])("refuses %j", (text) => {
    expect(durationMilliseconds(text)).toBeUndefined();
  });
});

test("formatDuration prints whole seconds as seconds", () => {
  expect(formatDuration(16_000)).toBe("16s");
  expect(formatDuration(1_500)).toBe("1500ms");
});

test("the bounds of the defaults are 16 s and 11 s", () => {
  expect(bounds(TIMING, PROBE)).toStrictEqual({
    unreadyWithinMilliseconds: 16_000,
    readyWithinMilliseconds: 11_000,
  });
});

test("a result is stale a second after the next one was due", () => {
  expect(staleAfterMilliseconds(TIMING)).toBe(10_000);
});

describe("whyNotNested", () => {
  test("accepts the defaults", () => {
    expect(whyNotNested(TIMING, PROBE)).toBeUndefined();
  });

  test.each([
    [
      { connectTimeoutMilliseconds: 4_000 },
      "timing: connectTimeout (4s) must be less than checkTimeout (4s)",
    ],
    [
      { checkTimeoutMilliseconds: 5_000 },
      "timing: checkTimeout (5s) must be less than probe.timeoutSeconds (5)",
    ],
    [
      { intervalMilliseconds: 3_500 },
      "timing: checkTimeout (4s) must not be more than interval (3500ms)",
    ],
  ])("refuses %j", (change, want) => {
    expect(whyNotNested({ ...TIMING, ...change }, PROBE)).toBe(want);
  });
});
