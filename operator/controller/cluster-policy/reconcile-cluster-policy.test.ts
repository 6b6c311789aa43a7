/** What the leader writes of one ClusterHealthPolicy. */
import { afterEach, beforeEach, expect, jest, test } from "@jest/globals";
import { reachingPolicies } from "../../api/reaching-policies.ts";
import { rawPolicy } from "../../api/testing/policy.ts";
import type { Caches, NamespaceRecord } from "../caches.ts";
import { type FakeObjects, startFakeObjects } from "../kube/testing/fake-objects.ts";
import { createPolicyIndex, type PolicyRecord, projectPolicy } from "../policy/policy-cache.ts";
import { type ClusterPolicyRecord, projectClusterPolicy } from "./cluster-policy-cache.ts";
import { type ClusterReconciler, createClusterReconciler } from "./reconcile-cluster-policy.ts";
import { rawClusterPolicy } from "./testing/cluster-policy.ts";

// Machines that run everything at once are slow.
jest.setTimeout(30_000);

const STATUS = "/apis/healthpolicy.dev/v1alpha1/clusterhealthpolicies/standard/status";
const IDLE = 600_000;

let api: FakeObjects;
let cluster: Map<string, ClusterPolicyRecord>;
let reconciler: ClusterReconciler;

const namespaces = ["shop", "bank", "kube-system"].map(
  (name): NamespaceRecord => ({ name, labels: {}, optedOut: false, annotations: {} }),
);

function clusterRecord(metadata: object = {}, status?: object): ClusterPolicyRecord {
  const spec = { defaults: { timing: { interval: "4s" } } };
  const policy = { ...rawClusterPolicy(metadata, spec), status };
  return projectClusterPolicy(policy) as ClusterPolicyRecord;
}

/** One policy fits the default, another does not, and a third does not nest by itself. */
function policyIndex() {
  const index = createPolicyIndex((namespace) =>
    clusterPoliciesOf({ ...(namespaces[0] as NamespaceRecord), name: namespace }),
  );
  const specs = {
    fits: {},
    "too-long": { timing: { checkTimeout: "4500ms" } },
    "own-fault": { timing: { checkTimeout: "6s", interval: "8s" } },
  };
  for (const [name, spec] of Object.entries(specs)) {
    index.update({
      key: `shop/${name}`,
      now: projectPolicy(rawPolicy({ name, uid: name }, spec)) as PolicyRecord,
    });
  }
  return index;
}

const clusterPoliciesOf = (namespace: NamespaceRecord) =>
  reachingPolicies(cluster.values(), namespace, ["kube-system"]);

beforeEach(async () => {
  api = await startFakeObjects();
  cluster = new Map([["standard", clusterRecord()]]);
  const caches = {
    clusterPolicies: { get: (name: string) => cluster.get(name) },
    clusterPoliciesOf,
    namespaces: { values: () => namespaces },
    index: policyIndex(),
  } as unknown as Caches;
  reconciler = createClusterReconciler({ client: api.client, caches });
});

afterEach(() => api.close());

const status = () => api.objects.get(STATUS)?.status as Record<string, unknown>;

test("counts the namespaces that it reaches, and names the policies that its times do not fit", async () => {
  expect(await reconciler.reconcile({ name: "standard" })).toBe(IDLE);
  expect(status()).toMatchObject({ observedGeneration: 1, namespaces: 2 });
  expect(status().conditions).toMatchObject([
    { type: "Accepted", status: "True" },
    {
      type: "DefaultsNest",
      status: "False",
      message: expect.stringMatching(/before: shop\/too-long$/),
    },
  ]);
});

test("writes under a field manager that leaves the coverage to another, and with the object's uid", async () => {
  await reconciler.reconcile({ name: "standard" });
  const [write] = api.writes();
  expect(write?.query.get("fieldManager")).toBe("healthpolicy-status");
  expect(write?.body).toMatchObject({
    kind: "ClusterHealthPolicy",
    metadata: { name: "standard", uid: clusterRecord().uid },
  });
  expect(write?.body).not.toHaveProperty("metadata.namespace");
});

test("the second time nothing is written, also with a coverage beside it", async () => {
  await reconciler.reconcile({ name: "standard" });
  cluster.set("standard", clusterRecord({}, { ...status(), coverage: { workloads: 1 } }));
  await reconciler.reconcile({ name: "standard" });
  expect(api.writes()).toHaveLength(1);
});

test("one that is gone is let go", async () => {
  cluster.clear();
  expect(await reconciler.reconcile({ name: "standard" })).toBeUndefined();
  expect(api.writes()).toStrictEqual([]);
});

test("one that is replaced while its status is written is left to its change", async () => {
  api.failure = { code: 409, reason: "Conflict" };
  const working = reconciler.reconcile({ name: "standard" });
  cluster.set("standard", clusterRecord({ uid: "another" }));
  expect(await working).toBeUndefined();
});

test("a conflict over the same object is tried again", async () => {
  api.failure = { code: 409, reason: "Conflict" };
  await expect(reconciler.reconcile({ name: "standard" })).rejects.toMatchObject({ code: 409 });
});
