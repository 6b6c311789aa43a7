/** What is read out of a status that was written before. */
import { describe, expect, test } from "@jest/globals";
import { hadConfigMap, heldBackBecause, wasProgrammed } from "./read-status.ts";
import { policyStatus, type StatusFacts } from "./status.ts";
import { countsOf } from "./testing/counts-of.ts";
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

const state = (programmed: StatusFacts["programmed"]) => policyStatus(factsOf({ programmed }));
const message = "Text.";
const foreign = state({ state: "blocked", message });
const refused = state({ state: "refused", stands: false, message });
const outdated = state({ state: "refused", stands: true, message });
const waiting = state({ state: "waiting", message });
const unreachable = state({ state: "unreachable", message });
const notPulled = state({ state: "imageNotPulled", message });

test("the status tells every replica why it injects no pod, and that it may again", () => {
  expect([foreign, refused, notPulled].map(heldBackBecause)).toStrictEqual([
    "ConfigMapNotOurs",
    "ConfigMapRefused",
    "ImageNotPulled",
  ]);
  const others = [outdated, waiting, unreachable, policyStatus(factsOf()), undefined];
  expect(others.map(heldBackBecause)).toStrictEqual(others.map(() => undefined));
});

test("the status tells a new leader that the policy has a ConfigMap", () => {
  const overlap = policyStatus(factsOf({ counts: countsOf({ claimed: 1, claimedBy: "old" }) }));
  const having = [policyStatus(factsOf()), overlap, outdated, unreachable, notPulled];
  expect(having.map(hadConfigMap)).toStrictEqual(having.map(() => true));
  const others = [foreign, refused, waiting, undefined];
  expect(others.map(hadConfigMap)).toStrictEqual(others.map(() => false));
});
