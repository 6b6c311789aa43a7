/** What is read out of a status that was written before. */
import { describe, expect, test } from "@jest/globals";
import { configMapIsForeign, policyStatus, wasProgrammed } from "./status.ts";
import { countsOf } from "./testing/records.ts";
import { factsOf, short } from "./testing/status-facts.ts";

describe("wasProgrammed", () => {
  test("for its own generation alone", () => {
    const status = policyStatus(factsOf());
    expect([wasProgrammed(status, 3), wasProgrammed(status, 4)]).toEqual([true, false]);
    expect(wasProgrammed(undefined, 3)).toBe(false);
  });

  test("not before anybody has looked at the policy", () => {
    expect(wasProgrammed({ observedGeneration: -1 }, -1)).toBe(false);
  });

  test("not while it is on its way", () => {
    const status = policyStatus(factsOf({ programmed: { state: "waiting", message: "Wait." } }));
    expect(wasProgrammed(status, 3)).toBe(false);
  });

  test.each([
    ["PartiallyProgrammed", { claimed: 1, claimedBy: "old" }],
    ["Conflicted", { matched: 0, injected: 0, claimed: 1, claimedBy: "old" }],
  ])("an overlap with another policy does not undo it: %s", (reason, counts) => {
    const status = policyStatus(factsOf({ counts: countsOf(counts) }));
    expect(short(status).Programmed).toBe(`False ${reason}`);
    expect(wasProgrammed(status, 3)).toBe(true);
  });
});

test("the status tells every replica that the ConfigMap is in other hands, and that it is no more", () => {
  const foreign = policyStatus(factsOf({ programmed: { state: "blocked", message: "not ours" } }));
  const waiting = policyStatus(factsOf({ programmed: { state: "waiting", message: "soon" } }));
  const unseen = { observedGeneration: -1 };
  expect(
    [foreign, waiting, policyStatus(factsOf()), unseen, undefined].map(configMapIsForeign),
  ).toEqual([true, false, false, false, false]);
  const [programmed, others] = [true, false].map((wanted) => ({
    ...foreign,
    conditions: foreign.conditions?.filter(({ type }) => (type === "Programmed") === wanted),
  }));
  expect([programmed, others].map(configMapIsForeign)).toEqual([true, false]);
});
