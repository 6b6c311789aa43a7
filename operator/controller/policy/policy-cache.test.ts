import { describe, expect, test } from "@jest/globals";
import type { DefaultsSupplier } from "../../api/merge-defaults.ts";
import { rawPolicy, testPolicy } from "../../api/testing/policy.ts";
import { createPolicyIndex, type PolicyRecord, projectPolicy } from "./policy-cache.ts";
import { policyStatus } from "./status.ts";
import { factsOf } from "./testing/status-facts.ts";

const supplier = (interval: string): DefaultsSupplier => ({
  name: "standard",
  defaults: { timing: { interval } },
});

function record(metadata: object = {}, spec: object = {}): PolicyRecord {
  return projectPolicy(rawPolicy(metadata, spec)) as PolicyRecord;
}

test("a policy is resolved when it arrives, with the defaults of its namespace", () => {
  const suppliers = { shop: [supplier("30s")] };
  const index = createPolicyIndex((namespace) => suppliers[namespace as "shop"] ?? []);
  index.update({ key: "shop/web", now: record() });
  index.update({ key: "bank/web", now: record({ namespace: "bank" }) });
  const intervals = ["shop", "bank"].map(
    (namespace) => index.policies(namespace)[0]?.timing.intervalMilliseconds,
  );
  expect(intervals).toStrictEqual([30_000, 5_000]);
});

test("it is resolved again when those change, and only what changed is named", () => {
  let suppliers: DefaultsSupplier[] = [];
  const index = createPolicyIndex(() => suppliers);
  const own = record({ name: "own" }, { timing: { interval: "7s" } });
  index.update({ key: "shop/web", now: record() });
  index.update({ key: "shop/own", now: own });
  expect(index.resolveAgain("shop")).toStrictEqual([]);
  suppliers = [supplier("30s")];
  const interval = () =>
    index.policies("shop").find(({ name }) => name === "web")?.timing.intervalMilliseconds;
  expect(interval()).toBe(5_000);
  // The source of a value counts: the policy that sets it itself is not named.
  expect(index.resolveAgain("shop").map(({ name }) => name)).toStrictEqual(["web"]);
  expect(interval()).toBe(30_000);
  expect(index.resolveAgain("bank")).toStrictEqual([]);
});

test("one that defaults make invalid is found as such, and its namespace goes on being known", () => {
  let suppliers: DefaultsSupplier[] = [];
  const index = createPolicyIndex(() => suppliers);
  index.update({ key: "shop/web", now: record() });
  suppliers = [supplier("1s")];
  expect(index.resolveAgain("shop")).toHaveLength(1);
  expect(index.resolution({ namespace: "shop", name: "web" })).toHaveProperty("invalid");
  expect(index.resolved("shop")).toHaveLength(1);
  expect([...index.allNamespaces()]).toStrictEqual(["shop"]);
  expect([...index.namespaces()]).toStrictEqual([]);
  suppliers = [];
  expect(index.resolveAgain("shop")).toHaveLength(1);
  expect([...index.namespaces()]).toStrictEqual(["shop"]);
});

test("one that became invalid goes on injecting what its status shows as in force", () => {
  const index = createPolicyIndex();
  const { effective } = policyStatus(factsOf());
  const invalid = record({ generation: 4 }, { timing: { checkTimeout: "30s" } });
  index.update({ key: "shop/web", now: { ...invalid, status: { effective } } });
  expect(index.policies("shop").map(({ timing }) => timing)).toStrictEqual([testPolicy().timing]);
  expect([...index.namespaces()]).toStrictEqual(["shop"]);
});

test("one that is being deleted counts as gone", () => {
  const deleting = rawPolicy({ deletionTimestamp: "2026-01-01T00:00:00Z" });
  expect(projectPolicy(deleting)).toBeUndefined();
  const held = { deletionTimestamp: "2026-01-01T00:00:00Z", finalizers: ["example.com/hook"] };
  expect(projectPolicy(rawPolicy(held))).toMatchObject({ name: "web" });
});

test("the index follows additions, edits and deletions", () => {
  const index = createPolicyIndex();
  const first = record();
  const edited = record({ generation: 4 });
  index.update({ key: "shop/web", now: first });
  index.update({ key: "bank/web", now: record({ namespace: "bank" }) });
  index.update({ key: "shop/web", old: first, now: edited });
  expect(index.policies("shop").map(({ generation }) => generation)).toEqual([4]);
  expect([...index.namespaces()].sort()).toEqual(["bank", "shop"]);
  index.update({ key: "shop/web", old: edited });
  expect(index.policies("shop")).toStrictEqual([]);
  expect([...index.namespaces()]).toEqual(["bank"]);
});

test("of two in a namespace, the other stays", () => {
  const index = createPolicyIndex();
  const [web, db] = [record(), record({ name: "db" })];
  index.update({ key: "shop/web", now: web });
  index.update({ key: "shop/db", now: db });
  index.update({ key: "shop/web", old: web });
  expect(index.policies("shop").map(({ name }) => name)).toStrictEqual(["db"]);
});

test("one that never was usable may go", () => {
  const index = createPolicyIndex();
  const invalid = record({}, { timing: { checkTimeout: "30s" } });
  index.update({ key: "shop/web", old: invalid });
  expect([...index.namespaces()]).toStrictEqual([]);
});

test("one that became invalid and never was in force injects no more", () => {
  const index = createPolicyIndex();
  const first = record();
  index.update({ key: "shop/web", now: first });
  const invalid = record({ generation: 4 }, { timing: { checkTimeout: "30s" } });
  index.update({ key: "shop/web", old: first, now: invalid });
  expect(index.policies("shop")).toStrictEqual([]);
});

describe("whose pods are", () => {
  const older = { name: "z", creationTimestamp: "2025-01-01T00:00:00Z" };

  test("is kept while only statuses change, and those are known nevertheless", () => {
    const index = createPolicyIndex();
    const first = record();
    index.update({ key: "shop/web", now: first });
    const before = index.claims("shop");
    const resolution = index.resolution(first);
    const status = policyStatus(factsOf());
    index.update({ key: "shop/web", old: first, now: { ...first, status } });
    expect(index.claims("shop")).toBe(before);
    expect(index.resolveAgain("shop")).toStrictEqual([]);
    expect(index.claims("shop")).toBe(before);
    expect(index.resolved("shop")[0]?.record.status).toBe(status);
    // What covers it is remembered for this very object.
    expect(index.resolution(first)).toBe(resolution);
  });

  test("is known anew when a policy comes, changes or goes", () => {
    const index = createPolicyIndex();
    const labels = { app: "web" };
    const owner = () => index.claims("shop").owner(labels)?.name;
    index.update({ key: "shop/web", now: record() });
    expect(owner()).toBe("web");
    index.update({ key: "shop/z", now: record(older) });
    expect(owner()).toBe("z");
    const edited = record({ ...older, generation: 4 }, { selector: { matchLabels: { app: "b" } } });
    index.update({ key: "shop/z", old: record(older), now: edited });
    expect(owner()).toBe("web");
    index.update({ key: "shop/web", old: record() });
    expect(owner()).toBeUndefined();
    expect(index.claims("nowhere").policies).toStrictEqual([]);
  });

  test("is known anew when defaults change", () => {
    let suppliers: DefaultsSupplier[] = [];
    const index = createPolicyIndex(() => suppliers);
    index.update({ key: "shop/web", now: record() });
    expect(index.claims("shop").policies).toHaveLength(1);
    suppliers = [supplier("1s")];
    index.resolveAgain("shop");
    expect(index.claims("shop").policies).toStrictEqual([]);
  });
});
