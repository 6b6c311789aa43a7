import { describe, expect, test } from "@jest/globals";
import { matchingPolicies, selectorMatches } from "./select-policy.ts";
import type { LabelSelector } from "./v1alpha1-selector.ts";

const requirement = (operator: "In" | "NotIn" | "Exists" | "DoesNotExist", values?: string[]) => ({
  matchExpressions: [{ key: "tier", operator, ...(values && { values }) }],
});

describe("selectorMatches", () => {
  test.each<[string, LabelSelector, Record<string, string>, boolean]>([
    ["an empty selector selects all", {}, {}, true],
    ["a label with the value", { matchLabels: { app: "web" } }, { app: "web", x: "y" }, true],
    ["a label with another value", { matchLabels: { app: "web" } }, { app: "api" }, false],
    ["one of two labels", { matchLabels: { app: "web", tier: "a" } }, { app: "web" }, false],
    ["In, listed", requirement("In", ["a", "b"]), { tier: "b" }, true],
    ["In, label missing", requirement("In", ["a"]), {}, false],
    ["In, without values", requirement("In"), { tier: "a" }, false],
    ["NotIn, listed", requirement("NotIn", ["a"]), { tier: "a" }, false],
    ["NotIn, label missing", requirement("NotIn", ["a"]), {}, true],
    ["Exists", requirement("Exists"), { tier: "" }, true],
    ["Exists, missing", requirement("Exists"), {}, false],
    [
      "Exists, of a key by the name of what every object has",
      { matchExpressions: [{ key: "constructor", operator: "Exists" }] },
      { app: "web" },
      false,
    ],
    [
      "DoesNotExist, of such a key",
      { matchExpressions: [{ key: "toString", operator: "DoesNotExist" }] },
      { app: "web" },
      true,
    ],
    ["DoesNotExist", requirement("DoesNotExist"), {}, true],
    ["DoesNotExist, present", requirement("DoesNotExist"), { tier: "a" }, false],
    [
      "labels and expressions both count",
      { matchLabels: { app: "web" }, ...requirement("Exists") },
      { app: "web" },
      false,
    ],
  ])("%s", (_name, selector, labels, want) => {
    expect(selectorMatches(selector, labels)).toBe(want);
  });
});

describe("matchingPolicies", () => {
  const candidate = (name: string, creationTimestamp: string, selector: LabelSelector = {}) => ({
    name,
    creationTimestamp,
    selector,
  });
  const newer = candidate("a", "2026-02-01T00:00:00Z");
  const older = candidate("z", "2026-01-01T00:00:00Z");

  test("puts the older of two that match first", () => {
    expect(matchingPolicies([newer, older], {})).toStrictEqual([older, newer]);
  });

  test("puts the first by name first within one second", () => {
    const twin = candidate("b", newer.creationTimestamp);
    expect(matchingPolicies([twin, newer], {})).toStrictEqual([newer, twin]);
    expect(matchingPolicies([newer, twin], {})).toStrictEqual([newer, twin]);
  });

  test("passes over an older one that does not match", () => {
    const other = candidate("y", older.creationTimestamp, { matchLabels: { app: "api" } });
    expect(matchingPolicies([other, newer], { app: "web" })).toStrictEqual([newer]);
  });

  test("finds none where none matches", () => {
    expect(matchingPolicies([], {})).toStrictEqual([]);
  });
});
