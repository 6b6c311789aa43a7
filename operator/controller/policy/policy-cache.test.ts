import { expect, test } from "@jest/globals";
import { rawPolicy } from "../../api/testing/policy.ts";
import { createPolicyIndex, type PolicyRecord, projectPolicy } from "./policy-cache.ts";

function record(metadata: object = {}, spec: object = {}): PolicyRecord {
  return projectPolicy(rawPolicy(metadata, spec)) as PolicyRecord;
}

test("a policy is resolved when it arrives", () => {
  const { resolution } = record();
  expect("policy" in resolution && resolution.policy.timing.intervalMilliseconds).toBe(5_000);
});

test("one that is being deleted counts as gone", () => {
  const deleting = rawPolicy({ deletionTimestamp: "2026-01-01T00:00:00Z" });
  expect(projectPolicy(deleting)).toBeUndefined();
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

test("one that became invalid injects no more", () => {
  const index = createPolicyIndex();
  const first = record();
  index.update({ key: "shop/web", now: first });
  const invalid = record({ generation: 4 }, { timing: { checkTimeout: "30s" } });
  index.update({ key: "shop/web", old: first, now: invalid });
  expect(index.policies("shop")).toStrictEqual([]);
});
