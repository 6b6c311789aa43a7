/** Times in the policy file that the API server would have refused. */
import { describe, expect, test } from "@jest/globals";
import { POLICY_FILE_FORMAT, type PolicyFile } from "../../api/policy-file.ts";
import type { Timing } from "../../api/timing.ts";
import { parsePolicyFile } from "./parse-policy-file.ts";

/** What is read of a file with these times. */
function timingOf(timing: object): Timing {
  const file = {
    formatVersion: POLICY_FILE_FORMAT,
    policy: "web",
    generation: 3,
    mode: "Enforce",
    timing,
    dependencies: [],
  };
  return (parsePolicyFile(JSON.stringify(file)) as PolicyFile).timing;
}

/** Times that nest and lie far from every limit. */
const MIDDLE: Timing = {
  connectTimeoutMilliseconds: 1_000,
  checkTimeoutMilliseconds: 20_000,
  intervalMilliseconds: 60_000,
  failureThreshold: 5,
  successThreshold: 5,
};

describe("times that no policy could ask for become the nearest that one could", () => {
  test.each<[string, Partial<Timing>, Partial<Timing>]>([
    ["a connect in no time", { connectTimeoutMilliseconds: 0 }, { connectTimeoutMilliseconds: 50 }],
    [
      "a connect that never ends",
      { connectTimeoutMilliseconds: 86_400_000, checkTimeoutMilliseconds: 59_000 },
      { connectTimeoutMilliseconds: 30_000, checkTimeoutMilliseconds: 59_000 },
    ],
    [
      "a check in no time",
      { connectTimeoutMilliseconds: 50, checkTimeoutMilliseconds: 1 },
      { connectTimeoutMilliseconds: 50, checkTimeoutMilliseconds: 100 },
    ],
    [
      "a check that never ends",
      { checkTimeoutMilliseconds: 86_400_000 },
      { checkTimeoutMilliseconds: 59_000 },
    ],
    [
      "a check every millisecond",
      { connectTimeoutMilliseconds: 50, checkTimeoutMilliseconds: 100, intervalMilliseconds: 1 },
      { connectTimeoutMilliseconds: 50, checkTimeoutMilliseconds: 100, intervalMilliseconds: 500 },
    ],
    ["a check a day", { intervalMilliseconds: 86_400_000 }, { intervalMilliseconds: 600_000 }],
    ["a negative interval", { intervalMilliseconds: -1 }, { intervalMilliseconds: 20_000 }],
    ["no failure needed", { failureThreshold: 0 }, { failureThreshold: 1 }],
    ["a failure that never counts", { failureThreshold: 1_000_000 }, { failureThreshold: 10 }],
    ["no success needed", { successThreshold: 0 }, { successThreshold: 1 }],
    ["a success that never counts", { successThreshold: 1_000_000 }, { successThreshold: 10 }],
    [
      "a connect as long as its check",
      { connectTimeoutMilliseconds: 20_000 },
      { connectTimeoutMilliseconds: 19_999 },
    ],
    [
      "a check longer than its interval",
      { intervalMilliseconds: 19_000 },
      { intervalMilliseconds: 20_000 },
    ],
  ])("%s", (_, change, want) => {
    expect(timingOf({ ...MIDDLE, ...change })).toStrictEqual({ ...MIDDLE, ...want });
  });

  test("but the shortest and the longest of a policy stay", () => {
    const shortest = {
      connectTimeoutMilliseconds: 50,
      checkTimeoutMilliseconds: 100,
      intervalMilliseconds: 500,
      failureThreshold: 1,
      successThreshold: 1,
    };
    const longest = {
      connectTimeoutMilliseconds: 30_000,
      checkTimeoutMilliseconds: 59_000,
      intervalMilliseconds: 600_000,
      failureThreshold: 10,
      successThreshold: 10,
    };
    expect(timingOf(shortest)).toStrictEqual(shortest);
    expect(timingOf(longest)).toStrictEqual(longest);
  });

  describe.each(Object.keys(MIDDLE))("%s is refused", (field) => {
    test.each([[undefined], [null], ["5"], [1.5], [Number.MAX_VALUE], [[5]]])("as %j", (value) => {
      expect(() => timingOf({ ...MIDDLE, [field]: value })).toThrow(
        new Error(`timing.${field} is not a whole number`),
      );
    });
  });
});
