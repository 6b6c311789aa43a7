import { expect, test } from "@jest/globals";
import { rawPolicy } from "../api/testing/policy.ts";
import {
  type ClusterPolicyRecord,
  projectClusterPolicy,
} from "./cluster-policy/cluster-policy-cache.ts";
import { rawClusterPolicy } from "./cluster-policy/testing/cluster-policy.ts";
import type { NamespaceRecord } from "./kube/namespace.ts";
import type { Change } from "./kube/watch.ts";
import { type PolicyRecord, projectPolicy } from "./policy/policy-cache.ts";
import { type Known, workAfterChange } from "./work-after-change.ts";
import { type WorkItem, workItemKey } from "./work-item.ts";

const key = "shop/web";
const shop: NamespaceRecord = { name: "shop", labels: {}, optedOut: false, annotations: {} };
/** That of the team `strict` applies its standards. */
const enforcementOf = (team: string) => (team === "strict" ? "Apply" : "Warn");
/** Two policies in every namespace, and a cluster policy that reaches the labelled ones. */
const known: Known = {
  policiesOf: (namespace) => ["web", "db"].map((name) => ({ namespace, name })),
  namespace: (name) => (name === "labelled" ? { ...shop, name, labels: { team: "a" } } : shop),
  clusterPoliciesOf: ({ labels: { team } }) =>
    team === undefined ? [] : [{ name: team, standards: { enforcement: enforcementOf(team) } }],
};

function record(metadata: object = {}): PolicyRecord {
  return projectPolicy(rawPolicy(metadata)) as PolicyRecord;
}

function clusterRecord(metadata: object = {}, spec: object = {}): ClusterPolicyRecord {
  return projectClusterPolicy(rawClusterPolicy(metadata, spec)) as ClusterPolicyRecord;
}

function keys({ now, soon }: { now: WorkItem[]; soon: WorkItem[] }): string[][] {
  return [now.map(workItemKey), soon.map(workItemKey)];
}

const afterNamespace = (
  change: Omit<Change<NamespaceRecord>, "key">,
  resolvedAnew: PolicyRecord[] = [],
) =>
  keys(
    workAfterChange({ kind: "namespace", change: { key: "shop", ...change }, resolvedAnew }, known),
  );

const afterClusterPolicy = (
  change: Omit<Change<ClusterPolicyRecord>, "key">,
  resolvedAnew: PolicyRecord[] = [],
) =>
  keys(
    workAfterChange(
      { kind: "clusterPolicy", change: { key: "standard", ...change }, resolvedAnew },
      known,
    ),
  );

test.each([
  ["new", { now: record() }],
  ["gone", { old: record() }],
  ["edited", { old: record(), now: record({ generation: 4 }) }],
  ["replaced", { old: record(), now: record({ uid: "another" }) }],
])("a policy that is %s: itself, the webhook, and the others of its namespace", (_what, change) => {
  const work = workAfterChange({ kind: "policy", change: { key, ...change } }, known);
  expect(keys(work)).toStrictEqual([["shop/web"], ["webhookConfiguration", "shop/db"]]);
});

test("a policy that takes a cluster policy's defaults: that one too, which says whether they fit", () => {
  const change = { key: "labelled/web", now: record({ namespace: "labelled" }) };
  expect(keys(workAfterChange({ kind: "policy", change }, known))).toStrictEqual([
    ["labelled/web"],
    ["webhookConfiguration", "labelled/db", "clusterPolicy/a"],
  ]);
});

test("a status that was written is work for its policy alone", () => {
  const change = { key, old: record(), now: { ...record(), status: { observedGeneration: 3 } } };
  expect(keys(workAfterChange({ kind: "policy", change }, known))).toStrictEqual([
    ["shop/web"],
    [],
  ]);
});

test.each<[string, Omit<Change<NamespaceRecord>, "key">]>([
  ["opted out", { old: shop, now: { ...shop, optedOut: true } }],
  ["new", { now: shop }],
  ["gone", { old: { ...shop, optedOut: true } }],
])("a namespace that is %s: its policies", (_what, change) => {
  expect(afterNamespace(change)).toStrictEqual([["shop/web", "shop/db"], []]);
});

test("a namespace whose labels stay as they are: nothing", () => {
  const same = { ...shop, optedOut: true, labels: { team: "a" } };
  const change = { old: same, now: { ...same, annotations: { a: "b" } } };
  expect(afterNamespace(change)).toStrictEqual([[], []]);
});

test("a namespace with other labels: the cluster policies that reached it, and those that do", () => {
  const change = {
    old: { ...shop, labels: { team: "a" } },
    now: { ...shop, labels: { team: "b" } },
  };
  expect(afterNamespace(change)).toStrictEqual([[], ["clusterPolicy/a", "clusterPolicy/b"]]);
});

test.each<[string, Omit<Change<NamespaceRecord>, "key">]>([
  ["new", { now: { ...shop, labels: { team: "strict" } } }],
  ["gone", { old: { ...shop, labels: { team: "strict" } } }],
  ["relabelled", { old: { ...shop, labels: { team: "strict" } }, now: shop }],
])("a namespace that is %s where standards are applied: the webhook too", (_what, change) => {
  expect(afterNamespace(change)[1]).toStrictEqual(["webhookConfiguration", "clusterPolicy/strict"]);
});

test.each(["old", "now"] as const)(
  "a cluster policy that applied its standards or does: the webhook too (%s)",
  (side) => {
    const change = {
      old: clusterRecord(),
      now: clusterRecord({ generation: 2 }),
      [side]: clusterRecord({ generation: 3 }, { standards: { enforcement: "Apply" } }),
    };
    expect(afterClusterPolicy(change)).toStrictEqual([
      ["clusterPolicy/standard"],
      ["webhookConfiguration"],
    ]);
  },
);

test("policies that other labels resolve anew: themselves, the webhook, and their neighbours", () => {
  const change = { old: shop, now: { ...shop, labels: { stage: "test" } } };
  expect(afterNamespace(change, [record()])).toStrictEqual([
    ["shop/web"],
    ["webhookConfiguration", "shop/web", "shop/db"],
  ]);
});

test.each<[string, Omit<Change<ClusterPolicyRecord>, "key">]>([
  ["new", { now: clusterRecord() }],
  ["gone", { old: clusterRecord() }],
  ["edited", { old: clusterRecord(), now: clusterRecord({ generation: 2 }) }],
  ["replaced", { old: clusterRecord(), now: clusterRecord({ uid: "another" }) }],
])("a cluster policy that is %s: itself, and what it resolves anew", (_what, change) => {
  expect(afterClusterPolicy(change)).toStrictEqual([["clusterPolicy/standard"], []]);
  expect(afterClusterPolicy(change, [record({ namespace: "labelled" })])).toStrictEqual([
    ["clusterPolicy/standard", "labelled/web"],
    ["webhookConfiguration", "labelled/web", "labelled/db", "clusterPolicy/a"],
  ]);
});

test("a cluster policy's status that was written: nothing", () => {
  const change = { old: clusterRecord(), now: { ...clusterRecord(), status: { namespaces: 1 } } };
  expect(afterClusterPolicy(change)).toStrictEqual([[], []]);
});

const DB = { namespace: "shop", name: "db", selector: { app: "db" }, headless: false };

test.each([
  ["new", { now: DB }, true],
  ["gone", { old: DB }, true],
  ["before other pods", { old: DB, now: { ...DB, selector: { app: "other" } } }, true],
  ["as it was", { old: DB, now: { ...DB } }, false],
])("a Service that is %s", (_what, change, concerns) => {
  const work = workAfterChange({ kind: "service", change: { key: "shop/db", ...change } }, known);
  expect(keys(work)).toStrictEqual([[], concerns ? ["shop/web", "shop/db"] : []]);
});

test("the certificate: itself, and the webhook that names its authority", () => {
  const now = { resourceVersion: "1", data: {} };
  const work = workAfterChange({ kind: "certificate", change: { key: "system/c", now } }, known);
  expect(keys(work)).toStrictEqual([["certificate", "webhookConfiguration"], []]);
});
