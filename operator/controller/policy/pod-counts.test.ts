import { expect, test } from "@jest/globals";
import { testPolicy } from "../../api/testing/policy.ts";
import { countPods } from "./pod-counts.ts";
import { podOf } from "./testing/records.ts";

const policy = testPolicy();

test("pods as they should be, and one of another app", () => {
  const pods = [podOf(), podOf({ name: "web-2" }), podOf({ name: "db", labels: { app: "db" } })];
  expect(countPods(policy, [policy], pods)).toStrictEqual({
    matched: 2,
    injected: 2,
    outdated: 0,
    unready: 0,
    optedOut: 0,
    claimed: 0,
    claimedBy: undefined,
    coveredBy: undefined,
    predating: [],
    outdatedWorkloads: [],
  });
});

test("every way in which a pod can fall short", () => {
  const { sidecar, ...bare } = podOf({ name: "older", workload: "statefulset/db" });
  const pods = [
    podOf(),
    bare,
    podOf({
      name: "unready",
      sidecar: { policy: "web", revision: sidecar?.revision ?? "", ready: false },
    }),
    podOf({ name: "old", sidecar: { policy: "web", revision: "other", ready: true } }),
    podOf({
      name: "bound",
      sidecar: { policy: "b", revision: sidecar?.revision ?? "", ready: true },
    }),
    podOf({ name: "host", skipped: true }),
  ];
  expect(countPods(policy, [policy], pods)).toMatchObject({
    matched: 5,
    injected: 4,
    outdated: 2,
    unready: 1,
    optedOut: 1,
    predating: ["statefulset/db"],
    outdatedWorkloads: ["deployment/web"],
  });
});

test("an older policy claims what it selects; a younger one does not", () => {
  const older = testPolicy({ name: "z", creationTimestamp: "2025-01-01T00:00:00Z", selector: {} });
  const younger = testPolicy({
    name: "a",
    creationTimestamp: "2027-01-01T00:00:00Z",
    selector: {},
  });
  const pods = [podOf(), podOf({ name: "web-2" })];
  expect(countPods(policy, [younger, policy, older], pods)).toMatchObject({
    matched: 0,
    claimed: 2,
    claimedBy: "z",
  });
  expect(countPods(policy, [younger, policy], pods)).toMatchObject({ matched: 2, claimed: 0 });
});

test("a pod that an edit leaves to another policy counts as outdated there", () => {
  const other = testPolicy({ name: "b", uid: "b" });
  expect(countPods(other, [other], [podOf()])).toMatchObject({ matched: 1, outdated: 1 });
});

test.each([
  ["everything", {}, true],
  ["the same", { matchLabels: { app: "web" } }, true],
  ["more", { matchLabels: { app: "web", tier: "front" } }, false],
  ["another app", { matchLabels: { app: "db" } }, false],
  ["by an expression", { matchExpressions: [{ key: "app", operator: "Exists" as const }] }, false],
])("an older policy that selects %s", (_what, selector, covered) => {
  const older = testPolicy({ name: "z", creationTimestamp: "2025-01-01T00:00:00Z", selector });
  const { coveredBy } = countPods(policy, [policy, older], []);
  expect(coveredBy).toBe(covered ? "z" : undefined);
});

test("an expression that both have is covered", () => {
  const matchExpressions = [{ key: "app", operator: "In" as const, values: ["a", "b"] }];
  const older = testPolicy({
    name: "z",
    creationTimestamp: "2025-01-01T00:00:00Z",
    selector: { matchExpressions },
  });
  const narrow = testPolicy({ selector: { matchLabels: { x: "y" }, matchExpressions } });
  expect(countPods(narrow, [narrow, older], []).coveredBy).toBe("z");
});
