import { expect, test } from "@jest/globals";
import { reachingPolicies } from "./reaching-policies.ts";

const EXCLUDED = ["kube-node-lease", "kube-system", "operator"];
const at = (name: string, day: number, namespaceSelector: object = {}) => ({
  name,
  creationTimestamp: `2026-01-0${day}T00:00:00Z`,
  namespaceSelector,
});
const names = (policies: { name: string }[]) => policies.map(({ name }) => name);

test("the oldest comes first, and of two of one second the first by name", () => {
  const policies = [at("c", 2), at("b", 2), at("d", 1), at("a", 3)];
  const reaching = reachingPolicies(policies, { name: "shop", labels: {} }, EXCLUDED);
  expect(names(reaching)).toStrictEqual(["d", "b", "c", "a"]);
});

test("only those whose selector takes the namespace's labels reach it", () => {
  const policies = [
    at("shop", 1, { matchLabels: { team: "shop" } }),
    at("bank", 2, { matchLabels: { team: "bank" } }),
    at("teams", 3, { matchExpressions: [{ key: "team", operator: "Exists" }] }),
  ];
  const reach = (labels: Record<string, string>) =>
    names(reachingPolicies(policies, { name: "a", labels }, EXCLUDED));
  expect(reach({ team: "shop" })).toStrictEqual(["shop", "teams"]);
  expect(reach({})).toStrictEqual([]);
});

test.each(EXCLUDED)("none reaches %s", (name) => {
  expect(reachingPolicies([at("all", 1)], { name, labels: {} }, EXCLUDED)).toStrictEqual([]);
});
