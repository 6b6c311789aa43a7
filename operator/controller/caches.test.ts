/** Which policies the caches resolve anew, and when they know enough to say what a policy comes to. */
import type { ServerResponse } from "node:http";
import { afterEach, beforeEach, expect, jest, test } from "@jest/globals";
import { pino } from "pino";
import { rawPolicy } from "../api/testing/policy.ts";
import { type CacheChange, type Caches, startCaches } from "./caches.ts";
import { rawClusterPolicy } from "./cluster-policy/testing/cluster-policy.ts";
import {
  type FakeApi,
  refuse,
  reply,
  type Seen,
  startFakeApi,
  until,
} from "./kube/testing/fake-api-server.ts";

// Machines that run everything at once are slow.
jest.setTimeout(30_000);

const POLICIES = "/apis/healthpolicy.dev/v1alpha1/healthpolicies";
const CLUSTER_POLICIES = "/apis/healthpolicy.dev/v1alpha1/clusterhealthpolicies";
const NAMESPACES = "/api/v1/namespaces";
const log = pino({ level: "silent" });

const namespace = (name: string, labels: Record<string, string> = {}) => ({
  metadata: { name, labels, resourceVersion: "5" },
});
const interval = (text: string, team: string) => ({
  namespaceSelector: { matchLabels: { team } },
  defaults: { timing: { interval: text } },
});

let api: FakeApi;
let caches: Caches;
let lists: Record<string, object[]>;
let watches: Map<string, ServerResponse>;
let changes: CacheChange[];
/** Paths whose list is not answered yet. */
let held: string[];

function answer({ path, query }: Seen, response: ServerResponse): void {
  if (query.has("sendInitialEvents")) {
    refuse(response, 422, "Invalid");
  } else if (query.get("watch") === "true") {
    response.writeHead(200).flushHeaders();
    watches.set(path, response);
  } else if (!held.includes(path)) {
    reply(response, 200, { metadata: { resourceVersion: "1" }, items: lists[path] ?? [] });
  }
}

function start(): void {
  caches = startCaches({
    client: api.client,
    namespace: "system",
    certificateSecret: "certificate",
    log,
  });
  caches.subscribe((change) => changes.push(change));
}

beforeEach(async () => {
  held = [];
  changes = [];
  watches = new Map();
  lists = {
    [POLICIES]: [rawPolicy(), rawPolicy({ namespace: "bank" }), rawPolicy({ namespace: "system" })],
    [NAMESPACES]: [
      namespace("shop", { team: "a" }),
      namespace("bank", { team: "b" }),
      namespace("system", { team: "a" }),
    ],
  };
  api = await startFakeApi(answer);
});

afterEach(async () => {
  await caches.stop();
  await api.close();
});

async function started(): Promise<void> {
  start();
  await until("caches are filled", caches.synced);
  await until("all is watched", () => watches.size === 5);
  changes = [];
}

function send(path: string, type: string, object: object): void {
  watches.get(path)?.write(`${JSON.stringify({ type, object })}\n`);
}

const intervalOf = (name: string) => caches.index.policies(name)[0]?.timing.intervalMilliseconds;

/** The next change of a cache of cluster policies or namespaces, and what it resolved anew. */
async function resolvedAnew(): Promise<string[]> {
  await until("a cache has changed", () => changes.length > 0);
  const change = changes.shift();
  return change && "resolvedAnew" in change
    ? change.resolvedAnew.map((policy) => policy.namespace)
    : [];
}

test("a policy takes the defaults of its namespace, in whatever order all is listed", async () => {
  lists[CLUSTER_POLICIES] = [rawClusterPolicy({}, interval("30s", "a"))];
  await started();
  expect([intervalOf("shop"), intervalOf("bank")]).toStrictEqual([30_000, 5_000]);
});

test("none of them reaches the operator's own namespace", async () => {
  lists[CLUSTER_POLICIES] = [rawClusterPolicy({}, interval("30s", "a"))];
  await started();
  expect(intervalOf("system")).toBe(5_000);
});

test.each([CLUSTER_POLICIES, NAMESPACES])("nothing is synced before %s is listed", async (path) => {
  held = [path];
  start();
  await until("the other lists are watched", () => watches.size === 4);
  expect(caches.synced()).toBe(false);
});

test("a cluster policy that comes, changes and goes resolves the policies anew that it reaches", async () => {
  await started();
  send(CLUSTER_POLICIES, "ADDED", rawClusterPolicy({}, interval("30s", "a")));
  expect(await resolvedAnew()).toStrictEqual(["shop"]);
  expect(intervalOf("shop")).toBe(30_000);
  send(CLUSTER_POLICIES, "MODIFIED", rawClusterPolicy({ generation: 2 }, interval("20s", "b")));
  expect((await resolvedAnew()).toSorted()).toStrictEqual(["bank", "shop"]);
  expect([intervalOf("shop"), intervalOf("bank")]).toStrictEqual([5_000, 20_000]);
  send(CLUSTER_POLICIES, "DELETED", rawClusterPolicy({ generation: 2 }, interval("20s", "b")));
  expect(await resolvedAnew()).toStrictEqual(["bank"]);
  expect(intervalOf("bank")).toBe(5_000);
});

test("one that is being deleted supplies nothing any more", async () => {
  lists[CLUSTER_POLICIES] = [rawClusterPolicy({}, interval("30s", "a"))];
  await started();
  const deleting = { deletionTimestamp: "2026-01-01T00:00:00Z" };
  send(CLUSTER_POLICIES, "MODIFIED", rawClusterPolicy(deleting, interval("30s", "a")));
  expect(await resolvedAnew()).toStrictEqual(["shop"]);
  expect(intervalOf("shop")).toBe(5_000);
});

test("one that a finalizer of others holds supplies its values still", async () => {
  const held = { deletionTimestamp: "2026-01-01T00:00:00Z", finalizers: ["example.com/hook"] };
  lists[CLUSTER_POLICIES] = [rawClusterPolicy(held, interval("30s", "a"))];
  await started();
  expect(intervalOf("shop")).toBe(30_000);
});

test("a status that is written to it resolves nothing anew", async () => {
  const policy = rawClusterPolicy({}, interval("30s", "a"));
  lists[CLUSTER_POLICIES] = [policy];
  await started();
  send(CLUSTER_POLICIES, "MODIFIED", { ...policy, status: { namespaces: 1 } });
  expect(await resolvedAnew()).toStrictEqual([]);
});

test("a namespace that gets other labels resolves its policies anew", async () => {
  lists[CLUSTER_POLICIES] = [rawClusterPolicy({}, interval("30s", "a"))];
  await started();
  send(NAMESPACES, "MODIFIED", namespace("bank", { team: "a" }));
  expect(await resolvedAnew()).toStrictEqual(["bank"]);
  expect(intervalOf("bank")).toBe(30_000);
  send(NAMESPACES, "MODIFIED", namespace("bank", { team: "a" }));
  expect(await resolvedAnew()).toStrictEqual([]);
});

test("standards are those of the cluster policies that reach a namespace, the excluded ones left out", async () => {
  const standards = (enforcement: "Apply" | "Warn", team: string) => ({
    namespaceSelector: { matchLabels: { team } },
    standards: { enforcement, readinessProbe: { minTimeoutSeconds: 5 } },
  });
  lists[CLUSTER_POLICIES] = [
    rawClusterPolicy({}, standards("Apply", "a")),
    rawClusterPolicy({ name: "other", uid: "other" }, standards("Warn", "b")),
  ];
  await started();
  const enforcements = (name: string) => caches.standards(name).map((one) => one?.enforcement);
  expect(["shop", "bank", "system", "unknown"].map(enforcements)).toStrictEqual([
    ["Apply"],
    ["Warn"],
    [],
    [],
  ]);
  expect([...caches.namespacesWithAppliedStandards()]).toStrictEqual(["shop"]);
  expect(caches.selectorsOfAppliedStandards()).toStrictEqual([{ matchLabels: { team: "a" } }]);
  expect([...caches.namespacesWithStandards()].toSorted()).toStrictEqual(["bank", "shop"]);
});
