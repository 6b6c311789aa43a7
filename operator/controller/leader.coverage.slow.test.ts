/** What a leader says of the standards of a ClusterHealthPolicy in a namespace without any HealthPolicy. */
import { setTimeout as sleep } from "node:timers/promises";
import { afterEach, beforeEach, expect, jest, test } from "@jest/globals";
import { rawClusterPolicy } from "./cluster-policy/testing/cluster-policy.ts";
import { until } from "./kube/testing/fake-api-server.ts";
import { fieldsAdded } from "./kube/testing/fields-added.ts";
import { CLUSTER_POLICIES, type LedCluster, openCluster, PODS } from "./testing/led-cluster.ts";

// Machines that run everything at once are slow.
jest.setTimeout(60_000);

const STATUS = `${CLUSTER_POLICIES}/standard/status`;
/** Longer than the 5 s between two writes, and the 2 s between two counts. */
const NEXT_WRITE = 15_000;

let cluster: LedCluster;
let controller: AbortController;
let leading: Promise<void>;
let version = 20;

/** A pod of the Deployment `web`; the standards ask for a readinessProbe. */
function pod(facts: { name: string; created: string; probe?: boolean; ready?: boolean }): object {
  version += 1;
  const { name, created, probe = false, ready = false } = facts;
  const owner = { apiVersion: "apps/v1", kind: "ReplicaSet", name: "web-5d9c7b", controller: true };
  return {
    metadata: {
      namespace: "shop",
      name,
      labels: { "pod-template-hash": "5d9c7b" },
      ownerReferences: [owner],
      creationTimestamp: created,
      resourceVersion: `${version}`,
    },
    spec: { containers: [{ name: "web", ...(probe && { readinessProbe: { tcpSocket: {} } }) }] },
    status: { conditions: [{ type: "Ready", status: ready ? "True" : "False" }] },
  };
}

const OLD = { name: "web-5d9c7b-old", created: "2026-02-03T04:05:06Z" };
const NEW = { name: "web-5d9c7b-new", created: "2026-02-03T04:05:07Z", probe: true };

beforeEach(async () => {
  cluster = await openCluster();
  const standards = { enforcement: "Audit", readinessProbe: { required: true } } as const;
  cluster.world.policies = [];
  cluster.world.clusterPolicies = [rawClusterPolicy({}, { standards })];
  cluster.world.pods = [pod(OLD)];
  controller = new AbortController();
  leading = cluster.leader.lead(controller.signal);
});

afterEach(async () => {
  controller.abort();
  await leading;
  expect(cluster.leader.coverages().size).toBe(0);
  await cluster.close();
});

const workloads = () => cluster.leader.coverages().get("standard");
const written = () => fieldsAdded(cluster.patched(STATUS)?.body);
const VIOLATING = { workloads: 1, compliant: 0, violationsTotal: 1 };
const COMPLIANT = { workloads: 1, compliant: 1, violationsTotal: 0 };

test("a workload that is mended: the status follows, and is written no more when pods turn ready", async () => {
  await until("coverage is written", () => JSON.stringify(written()).includes("coverage"));
  expect(written()).toMatchObject({ status: { namespaces: 1, coverage: VIOLATING } });

  cluster.send(PODS, "ADDED", pod(NEW));
  await until("its new pod counts", () => workloads()?.compliant === 1);
  await sleep(NEXT_WRITE / 2);
  expect(written()).toMatchObject({ status: { coverage: COMPLIANT } });
  expect(written()).not.toHaveProperty("status.coverage.violations");

  // What was written comes back by the watch.
  const { status } = written() as { status: object };
  const [policy] = cluster.world.clusterPolicies as ReturnType<typeof rawClusterPolicy>[];
  cluster.send(CLUSTER_POLICIES, "MODIFIED", { ...policy, status });
  const writes = cluster.writesOf(STATUS).length;
  cluster.send(PODS, "DELETED", pod(OLD));
  cluster.send(PODS, "MODIFIED", pod({ ...NEW, ready: true }));
  await sleep(NEXT_WRITE / 2);
  expect(cluster.writesOf(STATUS)).toHaveLength(writes);
});

test("standards that go: nothing is watched for them, and the coverage goes", async () => {
  await until("coverage is written", () => JSON.stringify(written()).includes("coverage"));
  const bare = rawClusterPolicy({ generation: 2, resourceVersion: "11" });
  cluster.send(CLUSTER_POLICIES, "MODIFIED", bare);
  await until("coverage is gone", () => !JSON.stringify(written()).includes("coverage"));
  expect(cluster.leader.coverages().size).toBe(0);
  expect(cluster.leader.pods()?.synced("shop")).toBe(false);
});
