import { describe, expect, test } from "@jest/globals";
import { testPolicy } from "./testing/policy.ts";
import { TIMING } from "./testing/timing.ts";
import {
  bounds,
  DEFAULT_TIMES,
  DURATION_LIMITS,
  durationMilliseconds,
  firstNotNested,
  formatDuration,
  heldBackMilliseconds,
  knownToAllMilliseconds,
  NUMBER_LIMITS,
  notNestedSentence,
  type ProbeTiming,
  shortened,
  staleAfterMilliseconds,
  type Timing,
  withinLimits,
} from "./timing.ts";

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

describe("the defaults", () => {
  // What the README promises. Literal, so that a default that changes turns this red.
  test("are these", () => {
    expect(DEFAULT_TIMES).toStrictEqual({
      connectTimeout: "3s",
      checkTimeout: "4s",
      interval: "5s",
      failureThreshold: 2,
      successThreshold: 1,
      periodSeconds: 2,
      timeoutSeconds: 5,
    });
  });

  test("give 16 s until unready and 11 s until ready", () => {
    const { timing, probe } = testPolicy();
    expect(bounds(timing, probe)).toStrictEqual({
      unreadyWithinMilliseconds: 16_000,
      readyWithinMilliseconds: 11_000,
    });
  });
});

test("the bounds count thresholds, interval, check and probe", () => {
  const timing = { ...TIMING, failureThreshold: 3, successThreshold: 2 };
  expect(bounds(timing, { ...PROBE, periodSeconds: 7 })).toStrictEqual({
    unreadyWithinMilliseconds: 3 * 5_000 + 4_000 + 7_000,
    readyWithinMilliseconds: 2 * 5_000 + 4_000 + 7_000,
  });
});

test("every default lies within its limits, and the limits nest", () => {
  const { timing } = testPolicy();
  expect(withinLimits(timing)).toStrictEqual(timing);
  for (const bound of ["minimum", "maximum"] as const) {
    const [connect, check, interval] = (
      ["connectTimeout", "checkTimeout", "interval"] as const
    ).map((field) => durationMilliseconds(DURATION_LIMITS[field][bound])) as [
      number,
      number,
      number,
    ];
    expect(connect).toBeLessThan(check);
    expect(check).toBeLessThanOrEqual(interval);
  }
  for (const [field, { minimum, maximum }] of Object.entries(NUMBER_LIMITS)) {
    const value = DEFAULT_TIMES[field as keyof typeof NUMBER_LIMITS];
    expect(value).toBeGreaterThanOrEqual(minimum);
    expect(value).toBeLessThanOrEqual(maximum);
  }
});

test("a result is stale a second after the next one was due", () => {
  expect(staleAfterMilliseconds(TIMING)).toBe(10_000);
});

/** The sentence for times that do not nest, each said as `<field>`. */
function whyNotNested(timing: Timing, probe: ProbeTiming): string | undefined {
  const conflict = firstNotNested(timing, probe);
  return conflict && notNestedSentence(conflict, (field) => `<${field}>`);
}

describe("times that do not nest", () => {
  test("accepts the defaults", () => {
    expect(whyNotNested(TIMING, PROBE)).toBeUndefined();
  });

  test("accepts checks as long as their interval", () => {
    expect(whyNotNested({ ...TIMING, intervalMilliseconds: 4_000 }, PROBE)).toBeUndefined();
  });

  test.each([
    [
      { connectTimeoutMilliseconds: 4_000 },
      "timing: connectTimeout (<connectTimeout>) must be less than checkTimeout (<checkTimeout>)",
    ],
    [
      { checkTimeoutMilliseconds: 5_000 },
      "timing: checkTimeout (<checkTimeout>) must be less than probe.timeoutSeconds (<timeoutSeconds>)",
    ],
    [
      { intervalMilliseconds: 3_500 },
      "timing: checkTimeout (<checkTimeout>) must not be more than interval (<interval>)",
    ],
  ])("refuses %j", (change, want) => {
    expect(whyNotNested({ ...TIMING, ...change }, PROBE)).toBe(want);
  });
});

describe("where other pods are asked", () => {
  const timing = { ...TIMING, intervalMilliseconds: 5_000 };

  test.each([
    [1, 6_000],
    [2, 1_500],
    [3, 1_000],
    [10, 1_000],
  ])("after %i failures all that share the fault know of it within %i ms", (threshold, want) => {
    expect(knownToAllMilliseconds({ ...timing, failureThreshold: threshold })).toBe(want);
  });

  test("a pod is unready later by as much, and by the question", () => {
    expect(heldBackMilliseconds(timing)).toBe(2_500);
    const { timing: builtIn, probe } = testPolicy();
    expect(bounds(builtIn, probe, true)).toStrictEqual({
      unreadyWithinMilliseconds: 18_500,
      readyWithinMilliseconds: 11_000,
    });
  });
});

describe("withinLimits", () => {
  test.each([
    [
      "connectTimeout too short",
      { connectTimeoutMilliseconds: 1 },
      { connectTimeoutMilliseconds: 50 },
    ],
    [
      "checkTimeout too long",
      { checkTimeoutMilliseconds: 99_000 },
      { checkTimeoutMilliseconds: 59_000, intervalMilliseconds: 59_000 },
    ],
    ["interval too long", { intervalMilliseconds: 9e9 }, { intervalMilliseconds: 600_000 }],
    ["interval below checkTimeout", { intervalMilliseconds: 600 }, { intervalMilliseconds: 4_000 }],
    [
      "connectTimeout not below checkTimeout",
      { connectTimeoutMilliseconds: 9_000 },
      { connectTimeoutMilliseconds: 3_999 },
    ],
    ["failureThreshold too small", { failureThreshold: 0 }, { failureThreshold: 1 }],
    ["successThreshold too great", { successThreshold: 11 }, { successThreshold: 10 }],
  ])("%s", (_name, change, want) => {
    expect(withinLimits({ ...TIMING, ...change })).toStrictEqual({ ...TIMING, ...want });
  });
});

describe("shortened", () => {
  const before = { connectTimeoutMilliseconds: 3_000, checkTimeoutMilliseconds: 4_000 };

  test.each([
    ["by nothing", {}, false],
    ["by a shorter connectTimeout", { connectTimeoutMilliseconds: 2_999 }, true],
    ["by a shorter checkTimeout", { checkTimeoutMilliseconds: 3_999 }, true],
    [
      "by longer ones",
      { connectTimeoutMilliseconds: 3_001, checkTimeoutMilliseconds: 4_001 },
      false,
    ],
  ])("%s", (_name, change, want) => {
    expect(shortened(before, { ...before, ...change })).toBe(want);
  });

  test("by the first policy", () => {
    expect(shortened(undefined, before)).toBe(false);
  });
});
