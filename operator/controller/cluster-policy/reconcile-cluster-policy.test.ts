/** What the leader writes of one ClusterHealthPolicy. */
import { afterEach, beforeEach, expect, jest, test } from "@jest/globals";
import { reachingPolicies } from "../../api/reaching-policies.ts";
import { rawPolicy } from "../../api/testing/policy.ts";
import type { Caches } from "../caches.ts";
import type { NamespaceRecord } from "../kube/namespace.ts";
import { type FakeObjects, startFakeObjects } from "../kube/testing/fake-objects.ts";
import type { PodRecord } from "../pods/pod-record.ts";
import { podOf } from "../pods/testing/pod-of.ts";
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
let pods: Map<string, PodRecord[]>;
/** A namespace whose pods are not known yet. */
let unknown: string | undefined;

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
  pods = new Map();
  unknown = undefined;
  cluster = new Map([["standard", clusterRecord()]]);
  const caches = {
    clusterPolicies: { get: (name: string) => cluster.get(name) },
    clusterPoliciesOf,
    namespaces: { values: () => namespaces },
    index: policyIndex(),
  } as unknown as Caches;
  reconciler = createClusterReconciler({
    client: api.client,
    caches,
    pods: { pods: (name) => pods.get(name) ?? [], synced: (name) => name !== unknown },
  });
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

test("writes under its field manager, and with the object's uid", async () => {
  await reconciler.reconcile({ name: "standard" });
  const [write] = api.writes();
  expect(write?.query.get("fieldManager")).toBe("healthpolicy-status");
  expect(write?.path).toBe(STATUS);
  expect(write?.body).toContainEqual({
    op: "test",
    path: "/metadata/uid",
    value: clusterRecord().uid,
  });
});

const STRICT = { standards: { enforcement: "Audit", readinessProbe: { required: true } } } as const;

/** A policy with standards, as the API server has it now. */
function strictRecord(spec: object = STRICT): ClusterPolicyRecord {
  const policy = { ...rawClusterPolicy({}, spec), status: status() };
  return projectClusterPolicy(policy) as ClusterPolicyRecord;
}

/** Pods of a Deployment, one each, without a readinessProbe or with one. */
function deployment(namespace: string, name: string, violating = true): PodRecord {
  const container = { name: "c", ...(!violating && { readinessProbe: {} }) };
  const judged = { workload: `Deployment/${name}`, probes: { containers: [container] } };
  return podOf({ namespace, name: `${name}-1`, judged });
}

test("coverage of all namespaces that it reaches, in one status with the rest", async () => {
  pods.set("shop", [deployment("shop", "web"), deployment("shop", "api", false)]);
  pods.set("bank", [deployment("bank", "web")]);
  pods.set("kube-system", [deployment("kube-system", "dns")]);
  cluster.set("standard", strictRecord());
  await reconciler.reconcile({ name: "standard" });
  const coverage = {
    workloads: 3,
    compliant: 1,
    violationsTotal: 2,
    violations: [
      {
        rule: "ReadinessProbeMissing",
        count: 2,
        examples: ["bank/Deployment/web", "shop/Deployment/web"],
      },
    ],
  };
  expect(status()).toMatchObject({ namespaces: 2, coverage });
  expect(reconciler.coverages()).toStrictEqual(new Map([["standard", coverage]]));
});

test("coverage alone waits for its turn; the second write is 5 s after the first", async () => {
  cluster.set("standard", strictRecord());
  await reconciler.reconcile({ name: "standard" });
  cluster.set("standard", strictRecord());
  pods.set("shop", [deployment("shop", "web")]);
  const wait = await reconciler.reconcile({ name: "standard" });
  expect(wait).toBeGreaterThan(0);
  expect(wait).toBeLessThanOrEqual(5_000);
  expect(api.writes()).toHaveLength(1);
  // The metric does not wait.
  expect(reconciler.coverages().get("standard")).toMatchObject({ workloads: 1, compliant: 0 });
});

test("what stood stays until all pods are known, for which the leader may be too new", async () => {
  const coverage = { workloads: 7, compliant: 7, violationsTotal: 0 };
  const policy = { ...rawClusterPolicy({}, STRICT), status: { coverage } };
  cluster.set("standard", projectClusterPolicy(policy) as ClusterPolicyRecord);
  unknown = "bank";
  await reconciler.reconcile({ name: "standard" });
  expect(status()).toMatchObject({ namespaces: 2, coverage });
  expect(reconciler.coverages().size).toBe(0);
});

test("coverage goes with the standards, and with the policy", async () => {
  cluster.set("standard", strictRecord());
  await reconciler.reconcile({ name: "standard" });
  cluster.clear();
  await reconciler.reconcile({ name: "standard" });
  expect(reconciler.coverages().size).toBe(0);
  cluster.set("standard", strictRecord());
  await reconciler.reconcile({ name: "standard" });
  expect(reconciler.coverages().size).toBe(1);
  cluster.set("standard", { ...strictRecord({}), generation: 2 });
  await reconciler.reconcile({ name: "standard" });
  expect(reconciler.coverages().size).toBe(0);
  expect(status()).not.toHaveProperty("coverage");
});

test("the second time nothing is written", async () => {
  await reconciler.reconcile({ name: "standard" });
  cluster.set("standard", clusterRecord({}, status()));
  await reconciler.reconcile({ name: "standard" });
  expect(api.writes()).toHaveLength(1);
});

test("a status that somebody changes right after our write is looked at again within 5 s", async () => {
  await reconciler.reconcile({ name: "standard" });
  cluster.set("standard", clusterRecord({}, { observedGeneration: -1 }));
  expect(await reconciler.reconcile({ name: "standard" })).toBeLessThanOrEqual(5_000);
  cluster.set("standard", clusterRecord({}, status()));
  expect(await reconciler.reconcile({ name: "standard" })).toBe(IDLE);
  expect(api.writes()).toHaveLength(1);
});

test("one that is gone is let go", async () => {
  cluster.clear();
  expect(await reconciler.reconcile({ name: "standard" })).toBeUndefined();
  expect(api.writes()).toStrictEqual([]);
});

test.each([
  [404, "NotFound"],
  [409, "Conflict"],
  [422, "Invalid"],
])(
  "one that is replaced while its status is written is left to its change: %i",
  async (code, reason) => {
    api.failure = { code, reason };
    const working = reconciler.reconcile({ name: "standard" });
    cluster.set("standard", clusterRecord({ uid: "another" }));
    expect(await working).toBeUndefined();
  },
);

test("a conflict over the same object is tried again", async () => {
  api.failure = { code: 409, reason: "Conflict" };
  await expect(reconciler.reconcile({ name: "standard" })).rejects.toMatchObject({ code: 409 });
});
