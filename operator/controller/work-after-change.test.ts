import { expect, test } from "@jest/globals";
import { rawPolicy } from "../api/testing/policy.ts";
import type { NamespaceRecord } from "./caches.ts";
import type { Change } from "./kube/watch.ts";
import { type PolicyRecord, projectPolicy } from "./policy/policy-cache.ts";
import { workAfterChange } from "./work-after-change.ts";
import { type WorkItem, workItemKey } from "./work-item.ts";

const key = "shop/web";
const policiesOf = (namespace: string) => ["web", "db"].map((name) => ({ namespace, name }));

function record(metadata: object = {}): PolicyRecord {
  return projectPolicy(rawPolicy(metadata)) as PolicyRecord;
}

function keys({ now, soon }: { now: WorkItem[]; soon: WorkItem[] }): string[][] {
  return [now.map(workItemKey), soon.map(workItemKey)];
}

test.each([
  ["new", { now: record() }],
  ["gone", { old: record() }],
  ["edited", { old: record(), now: record({ generation: 4 }) }],
  ["replaced", { old: record(), now: record({ uid: "another" }) }],
])("a policy that is %s: itself, the webhook, and the others of its namespace", (_what, change) => {
  const work = workAfterChange({ kind: "policy", change: { key, ...change } }, policiesOf);
  expect(keys(work)).toStrictEqual([["shop/web"], ["webhookConfiguration", "shop/db"]]);
});

test("a status that was written is work for its policy alone", () => {
  const change = { key, old: record(), now: { ...record(), status: { observedGeneration: 3 } } };
  expect(keys(workAfterChange({ kind: "policy", change }, policiesOf))).toStrictEqual([
    ["shop/web"],
    [],
  ]);
});

test.each<[string, Omit<Change<NamespaceRecord>, "key">]>([
  [
    "opted out",
    {
      old: { name: "shop", optedOut: false, annotations: {} },
      now: { name: "shop", optedOut: true, annotations: {} },
    },
  ],
  ["new", { now: { name: "shop", optedOut: false, annotations: {} } }],
  ["gone", { old: { name: "shop", optedOut: true, annotations: {} } }],
])("a namespace that is %s: its policies", (_what, change) => {
  const work = workAfterChange(
    { kind: "namespace", change: { key: "shop", ...change } },
    policiesOf,
  );
  expect(keys(work)).toStrictEqual([["shop/web", "shop/db"], []]);
});

test("a namespace whose label stays as it is: nothing", () => {
  const same: NamespaceRecord = { name: "shop", optedOut: true, annotations: {} };
  const change: Change<NamespaceRecord> = { key: "shop", old: same, now: { ...same } };
  expect(keys(workAfterChange({ kind: "namespace", change }, policiesOf))).toStrictEqual([[], []]);
});

const DB = { namespace: "shop", name: "db", selector: { app: "db" }, headless: false };

test.each([
  ["new", { now: DB }, true],
  ["gone", { old: DB }, true],
  ["before other pods", { old: DB, now: { ...DB, selector: { app: "other" } } }, true],
  ["as it was", { old: DB, now: { ...DB } }, false],
])("a Service that is %s", (_what, change, concerns) => {
  const work = workAfterChange(
    { kind: "service", change: { key: "shop/db", ...change } },
    policiesOf,
  );
  expect(keys(work)).toStrictEqual([[], concerns ? ["shop/web", "shop/db"] : []]);
});

test("the certificate: itself, and the webhook that names its authority", () => {
  const now = { resourceVersion: "1", data: {} };
  const work = workAfterChange(
    { kind: "certificate", change: { key: "system/c", now } },
    policiesOf,
  );
  expect(keys(work)).toStrictEqual([["certificate", "webhookConfiguration"], []]);
});
