/** What a leader may write when events were lost: at its beginning, and after a list that was read anew. */
import { afterEach, beforeEach, describe, expect, jest, test } from "@jest/globals";
import { rawPolicy } from "../api/testing/policy.ts";
import { type Seen, until } from "./kube/testing/fake-api-server.ts";
import { fieldsAdded } from "./kube/testing/fields-added.ts";
import {
  CLUSTER_POLICIES,
  CONFIG_MAP,
  type LedCluster,
  NAMESPACES,
  namespacesOf,
  openCluster,
  PODS,
  POLICIES,
  podOf,
  SECRETS,
  STATUS,
  WEBHOOK,
} from "./testing/led-cluster.ts";

// Machines that run everything at once are slow; what is measured, is measured in the tests.
jest.setTimeout(30_000);

let cluster: LedCluster;
beforeEach(async () => {
  cluster = await openCluster();
});
afterEach(() => cluster.close());

function namespacesCalled(): string[] {
  return namespacesOf(cluster.patched(WEBHOOK) as Seen);
}

test("a new leader says nothing about pods before it has seen all of them", async () => {
  cluster.certify();
  cluster.world.pods = [podOf("shop")];
  // Nor does the proof of the webhook come, after which every policy is worked on again.
  const isProof = (path: string) => path.startsWith("/api/v1/namespaces/system/configmaps/");
  cluster.world.holds = ({ path, query }) =>
    isProof(path) || (path === PODS && query.get("limit") !== null);
  const controller = new AbortController();
  const leading = cluster.leader.lead(controller.signal);
  // It does not wait with the delivery.
  await until("the policy is delivered", () => cluster.patched(CONFIG_MAP) !== undefined);
  await until(
    "all is watched but pods",
    () => cluster.patched(WEBHOOK) !== undefined && cluster.world.held.length > 0,
  );
  await new Promise((resolve) => setTimeout(resolve, 500));
  expect(cluster.patched(STATUS)).toBeUndefined();
  for (const go of cluster.world.held) go();
  await until("the status is written", () => cluster.patched(STATUS) !== undefined);
  expect(fieldsAdded(cluster.patched(STATUS)?.body)).toHaveProperty("status.pods.matched", 1);
  expect(cluster.leader.leads()).toBe(true);
  controller.abort();
  await leading;
  expect([cluster.leader.leads(), cluster.leader.queueDepth()]).toStrictEqual([false, 0]);
});

describe("a new leader whose watches have been silent", () => {
  beforeEach(async () => {
    cluster.certify();
    await until("all is watched", () => cluster.caches.synced() && cluster.watches.size === 5);
    // What the last leader has delivered meanwhile, and no event told.
    cluster.world.policies = [
      rawPolicy({ generation: 4 }),
      rawPolicy({ namespace: "bank", uid: "uid-of-bank" }),
    ];
  });

  test("writes nothing that is older than its Lease", async () => {
    const controller = new AbortController();
    const leading = cluster.leader.lead(controller.signal);
    await until("the webhook is written", () => cluster.patched(WEBHOOK) !== undefined);
    await until(
      "the policy is delivered",
      () => cluster.patched(CONFIG_MAP)?.query.has("dryRun") === false,
    );
    controller.abort();
    await leading;
    const writes = (path: string) =>
      cluster.api.seen.filter((seen) => seen.path === path && seen.method === "PATCH");
    const generations = writes(CONFIG_MAP)
      .map(({ body }) => (body as { data?: Record<string, string> }).data?.["policy.json"])
      .flatMap((file) => (file === undefined ? [] : JSON.parse(file).generation));
    expect(generations).toEqual([4]);
    expect(writes(WEBHOOK)).toHaveLength(1);
    const firstWrite = cluster.api.seen.findIndex(({ method }) => method === "PATCH");
    const lists = cluster.api.seen
      .slice(0, firstWrite)
      .filter(({ query }) => query.has("limit"))
      .map(({ path }) => path)
      // Nor does the delivery wait for pods, which are listed beside it.
      .filter((path) => !path.endsWith("/pods"));
    // Services too: they decide whom the file of a policy lets go.
    const all = [POLICIES, CLUSTER_POLICIES, NAMESPACES, "/api/v1/services", SECRETS];
    expect(lists.sort()).toStrictEqual([...all, ...all].sort());
    expect(namespacesCalled().sort()).toEqual(["bank", "shop"]);
  });

  test("leads no more when it cannot read anew, and has written nothing", async () => {
    cluster.world.refuses = ({ path, query }) => path === POLICIES && query.get("limit") !== null;
    await expect(cluster.leader.lead(new AbortController().signal)).rejects.toThrow("429");
    expect(cluster.api.seen.every(({ method }) => method === "GET")).toBe(true);
    expect(cluster.leader.pods()).toBeUndefined();
  });

  test("steps down at once while it reads anew", async () => {
    cluster.world.holds = ({ path, query }) => path === POLICIES && query.get("limit") !== null;
    const controller = new AbortController();
    const leading = cluster.leader.lead(controller.signal);
    await until("it reads", () => cluster.world.held.length > 0);
    controller.abort();
    const abortedAt = performance.now();
    await leading;
    expect(performance.now() - abortedAt).toBeLessThan(5_000);
    expect(cluster.api.seen.every(({ method }) => method === "GET")).toBe(true);
  });
});

test("a namespace whose only policy was renamed unnoticed is called all the while", async () => {
  cluster.certify();
  const controller = new AbortController();
  const leading = cluster.leader.lead(controller.signal);
  await until("the webhook is written", () => cluster.patched(WEBHOOK) !== undefined);
  await until("policies are watched", () => cluster.watches.has(POLICIES));
  cluster.world.policies = [rawPolicy({ name: "shop", uid: "uid-of-shop" })];
  cluster.watches.get(POLICIES)?.write("no json\n");
  await until(
    "the new policy is known",
    () => cluster.caches.policies.get("shop/shop") !== undefined,
  );
  await until("it is delivered", () => cluster.leader.counts().has("shop/shop"));
  // Longer than changes are waited for.
  await new Promise((resolve) => setTimeout(resolve, 600));
  const writes = cluster.api.seen.filter(
    ({ method, path }) => method === "PATCH" && path === WEBHOOK,
  );
  expect(new Set(writes.map((write) => namespacesOf(write).join()))).toEqual(new Set(["shop"]));
  controller.abort();
  await leading;
});
