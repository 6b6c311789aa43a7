import { expect, test } from "@jest/globals";
import type { Impact, MaxUnready } from "../../api/policy-file.ts";
import { TIMING } from "../../api/testing/timing.ts";
import type { Timing } from "../../api/timing.ts";
import { type DeclaredDependency, mayHaveLetGo } from "./declared-dependencies.ts";
import { declaredOf } from "./testing/declared-of.ts";

const at = (impact: Impact, more: Parameters<typeof declaredOf>[1] = {}): DeclaredDependency => {
  const declared = declaredOf({ "orders-db": impact }, more).get("orders-db");
  if (!declared) throw new Error("not declared");
  return declared;
};

test.each<[Impact, Impact, boolean]>([
  ["Gate", "Gate", false],
  ["Gate", "Startup", true],
  ["Gate", "Observe", true],
  ["Startup", "Gate", false],
  ["Startup", "Startup", false],
  ["Startup", "Observe", true],
])("an edit from %s to %s may let pods go: %s", (before, now, expected) => {
  expect(mayHaveLetGo(at(before), at(now))).toBe(expected);
});

test.each<Impact>(["Gate", "Startup"])(
  "one that takes out a dependency with %s, or names another server, may let pods go",
  (impact) => {
    expect(mayHaveLetGo(at(impact), undefined)).toBe(true);
    expect(mayHaveLetGo(at(impact), at(impact, { host: "another-db" }))).toBe(true);
    expect(mayHaveLetGo(at(impact), at("Gate", { host: "another-db" }))).toBe(true);
  },
);

test("fields in another order are no edit", () => {
  const { config, ...rest } = at("Gate");
  const reordered = { ...rest, config: { ...config, tcp: { port: 5432, host: "db" } } };
  expect(mayHaveLetGo(at("Gate"), reordered)).toBe(false);
});

const limit = (maxUnready?: MaxUnready) => at("Gate", { maxUnready });
const HALF = { percent: 50 };
test.each<[string, MaxUnready | undefined, MaxUnready | undefined, boolean]>([
  ["set", undefined, HALF, true],
  ["lowered", HALF, { percent: 20 }, true],
  ["given as a number instead", HALF, { pods: 2 }, true],
  ["left", HALF, { percent: 50 }, false],
  ["taken away", HALF, undefined, false],
])("a fleet limit that is %s", (_what, before, now, expected) => {
  expect(mayHaveLetGo(limit(before), limit(now))).toBe(expected);
});

test.each<[keyof Timing, number, boolean]>([
  ["checkTimeoutMilliseconds", 9_000, true],
  ["connectTimeoutMilliseconds", 3_500, true],
  ["checkTimeoutMilliseconds", 3_900, false],
  ["connectTimeoutMilliseconds", 1_000, false],
  ["intervalMilliseconds", 10_000, false],
])("%s of %d, after 3 s to connect of 4 s for all", (field, milliseconds, expected) => {
  const timed = at("Gate", { timing: { ...TIMING, [field]: milliseconds } });
  expect(mayHaveLetGo(at("Gate"), timed)).toBe(expected);
});
