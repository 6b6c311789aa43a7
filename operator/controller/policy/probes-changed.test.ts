/** Pods are counted, and what they tell is shown once. */
import { expect, test } from "@jest/globals";
import { testPolicy } from "../../api/testing/policy.ts";
import { MAX_CHANGED_PROBES } from "../../api/v1alpha1-status.ts";
import { isWorthTelling, NO_PROBES_CHANGED, probesChanged } from "./probes-changed.ts";

test("no pod tells of nothing", () => {
  expect(probesChanged([])).toStrictEqual(NO_PROBES_CHANGED);
});

test("each entry is shown once, in the same order whatever the order of the pods", () => {
  const records = [
    { raised: ["b", "a"], leftAlone: [] },
    { raised: ["a"], leftAlone: ["c"] },
    { raised: [], leftAlone: ["c"] },
  ];
  const changed = { probesRaised: 2, probesLeftAlone: 2, raised: ["a", "b"], leftAlone: ["c"] };
  expect(probesChanged(records)).toStrictEqual(changed);
  expect(probesChanged(records.toReversed())).toStrictEqual(changed);
});

test("no more entries are shown than the status has room for, and every pod is counted", () => {
  const records = Array.from({ length: MAX_CHANGED_PROBES + 5 }, (_, index) => ({
    raised: [`app-${String(index).padStart(2, "0")}`],
    leftAlone: [],
  }));
  const { probesRaised, raised } = probesChanged(records);
  expect(probesRaised).toBe(MAX_CHANGED_PROBES + 5);
  expect(raised).toHaveLength(MAX_CHANGED_PROBES);
  expect(raised?.[0]).toBe("app-00");
});

test("a status speaks of what was asked for, and of what was done", () => {
  const keep = testPolicy();
  const align = testPolicy({ application: { probes: "Align" } });
  expect(isWorthTelling(NO_PROBES_CHANGED, keep)).toBe(false);
  expect(isWorthTelling(NO_PROBES_CHANGED, align)).toBe(true);
  expect(isWorthTelling(NO_PROBES_CHANGED, { ...align, mode: "DryRun" })).toBe(false);
  expect(isWorthTelling({ probesRaised: 1, probesLeftAlone: 0 }, keep)).toBe(true);
  expect(isWorthTelling({ probesRaised: 0, probesLeftAlone: 1 }, keep)).toBe(true);
});
