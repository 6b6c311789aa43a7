import { describe, expect, test } from "@jest/globals";
import { claimsOf } from "./claims.ts";
import { matchingPolicies } from "./select-policy.ts";
import type { LabelSelector } from "./v1alpha1-selector.ts";

const WEB = { matchLabels: { app: "web" } };

function candidate(name: string, day: string, selector: LabelSelector = {}) {
  return { name, creationTimestamp: `2026-01-${day}T00:00:00Z`, selector };
}

test("policies are in the order in which they claim pods: by age, and by name within a second", () => {
  const all = [candidate("b", "02"), candidate("a", "02"), candidate("z", "01")];
  expect(claimsOf(all).policies.map(({ name }) => name)).toStrictEqual(["z", "a", "b"]);
});

describe("the owner", () => {
  const all = [candidate("a", "03"), candidate("b", "02", WEB), candidate("c", "01", WEB)];

  test.each([{ app: "web" }, { app: "db" }, {}])("of %j is the one of admission", (labels) => {
    const { owner } = claimsOf(all);
    const [first] = matchingPolicies(all, labels);
    expect(first).toBeDefined();
    expect([owner(labels), owner(labels)]).toStrictEqual([first, first]);
  });

  test("is none where none matches", () => {
    expect(claimsOf([candidate("a", "01", WEB)]).owner({ app: "db" })).toBeUndefined();
  });

  test("is searched once for the same labels, whoever asks, and no further than it is found", () => {
    let looks = 0;
    const counted = (name: string, day: string, selector: LabelSelector) => ({
      ...candidate(name, day),
      get selector() {
        looks += 1;
        return selector;
      },
    });
    const { owner } = claimsOf([
      counted("young", "03", WEB),
      counted("old", "02", WEB),
      counted("oldest", "01", { matchLabels: { app: "db" } }),
    ]);
    const labels = { app: "web" };
    for (let count = 0; count < 100; count += 1) expect(owner(labels)?.name).toBe("old");
    expect(looks).toBe(2);
  });
});

test("what covers a policy is the oldest that selects all that it selects, and none that is younger", () => {
  const [young, own, old, oldest] = [
    candidate("a", "04"),
    candidate("b", "03", WEB),
    candidate("c", "02"),
    candidate("d", "01", { matchLabels: { app: "db" } }),
  ];
  expect(claimsOf([young, own, old, oldest]).coveredBy(own)).toBe(old);
  expect(claimsOf([young, own, oldest]).coveredBy(own)).toBeUndefined();
});
