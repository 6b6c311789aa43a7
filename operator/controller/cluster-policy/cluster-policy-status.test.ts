import { expect, test } from "@jest/globals";
import { type ClusterPolicyFacts, clusterPolicyStatus } from "./cluster-policy-status.ts";

function statusOf(facts: Partial<ClusterPolicyFacts> = {}) {
  return clusterPolicyStatus({
    generation: 2,
    namespaces: 3,
    unfit: [],
    coverage: undefined,
    previous: undefined,
    now: new Date("2026-02-03T04:05:06.789Z"),
    ...facts,
  });
}

const common = { observedGeneration: 2, lastTransitionTime: "2026-02-03T04:05:06Z" };

test("the whole status of one whose defaults fit", () => {
  expect(statusOf()).toStrictEqual({
    observedGeneration: 2,
    conditions: [
      {
        type: "Accepted",
        status: "True",
        reason: "Accepted",
        message: "The policy is valid.",
        ...common,
      },
      {
        type: "DefaultsNest",
        status: "True",
        reason: "DefaultsNest",
        message: "The times nest with those of every HealthPolicy that takes them.",
        ...common,
      },
    ],
    namespaces: 3,
  });
});

test("coverage stands in it where there is one", () => {
  const coverage = { workloads: 2, compliant: 2, violationsTotal: 0 };
  expect(statusOf({ coverage })).toMatchObject({ namespaces: 3, coverage });
  expect(statusOf()).not.toHaveProperty("coverage");
});

test("policies that its times do not nest with are named, five at most", () => {
  const unfit = ["g", "f", "e", "d", "c", "b", "a"].map((name) => `shop/${name}`);
  expect(statusOf({ unfit }).conditions?.[1]).toStrictEqual({
    type: "DefaultsNest",
    status: "False",
    reason: "Invalid",
    message:
      "The times do not nest with those of 7 HealthPolicies, which stay as they were before: shop/a, shop/b, shop/c, shop/d, shop/e (and 2 more)",
    ...common,
  });
  expect(statusOf({ unfit: unfit.slice(0, 5) }).conditions?.[1]?.message).not.toContain("more");
});

test("equal facts give an equal status, whenever; a condition keeps its time until it changes", () => {
  const previous = statusOf();
  const now = new Date("2027-01-01T00:00:00Z");
  expect(statusOf({ previous, now })).toStrictEqual(previous);
  const times = statusOf({ previous, now, unfit: ["shop/web"] }).conditions?.map(
    ({ lastTransitionTime }) => lastTransitionTime,
  );
  expect(times).toStrictEqual(["2026-02-03T04:05:06Z", "2027-01-01T00:00:00Z"]);
});
