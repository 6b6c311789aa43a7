/** A storm of pods against the leader, on a virtual clock: what it writes to the API server. */
import type http from "node:http";
import { addAbortSignal, PassThrough } from "node:stream";
import { afterEach, beforeEach, expect, jest, test } from "@jest/globals";
import { pino } from "pino";
import { effectivePolicy } from "../api/effective-policy.ts";
import { rawPolicy } from "../api/testing/policy.ts";
import type { HealthPolicyStatus } from "../api/v1alpha1-status.ts";
import { revisionOf } from "../inject/revision.ts";
import type { CacheChange, Caches } from "./caches.ts";
import {
  ApiError,
  type ApplyOptions,
  type KubeClient,
  type KubeRequest,
} from "./kube/kube-client.ts";
import { createLeader, type Leader } from "./leader.ts";
import { createPolicyIndex, type PolicyRecord, projectPolicy } from "./policy/policy-cache.ts";
import { STATUS_WRITES_BURST, STATUS_WRITES_PER_SECOND } from "./policy/status-pace.ts";
import { LEADER_SETTINGS } from "./testing/leader-settings.ts";

jest.setTimeout(120_000);

const POLICIES = 500;
const PODS_PER_POLICY = 40;
const STORM_MILLISECONDS = 10_000;
/** Time passes in steps, and what a step brings is worked on before the next. */
const STEP_MILLISECONDS = 20;

interface Write {
  namespace: string;
  status: HealthPolicyStatus;
  at: number;
}

let policies: Map<string, PolicyRecord>;
let index: ReturnType<typeof createPolicyIndex>;
let tell: (change: CacheChange) => void;
let podWatch: PassThrough;
let writes: Write[];
let version: number;
let leader: Leader;
let leading: Promise<void>;
let stop: AbortController;

function namespaceOf(policy: number): string {
  return `shop-${policy}`;
}

/** What the watch of policies does when a policy or its status changes. */
function putPolicy(namespace: string, change: Partial<PolicyRecord>): void {
  const key = `${namespace}/web`;
  const old = policies.get(key) as PolicyRecord;
  const now = { ...old, ...change };
  policies.set(key, now);
  index.update({ key, old, now });
  tell({ kind: "policy", change: { key, old, now } });
}

/** A policy that was programmed before this leader came. */
function record(namespace: string): PolicyRecord {
  const found = projectPolicy(rawPolicy({ namespace, uid: `uid-of-${namespace}` })) as PolicyRecord;
  const programmed = {
    type: "Programmed",
    status: "True" as const,
    reason: "Programmed",
    message: "",
    observedGeneration: found.generation,
    lastTransitionTime: "2026-01-01T00:00:00Z",
  };
  return { ...found, status: { conditions: [programmed] } };
}

function podOf(policy: number, pod: number, ready: boolean): object {
  version += 1;
  const { declared } = policies.get(`${namespaceOf(policy)}/web`) as PolicyRecord;
  const resolution = effectivePolicy(declared);
  const revision = "policy" in resolution ? revisionOf(resolution.policy) : "";
  return {
    metadata: {
      namespace: namespaceOf(policy),
      name: `web-${pod}`,
      resourceVersion: String(version),
      labels: { app: "web" },
      annotations: { "healthpolicy.dev/policy": "web", "healthpolicy.dev/revision": revision },
    },
    spec: {
      restartPolicy: "Always",
      initContainers: [{ name: "healthpolicy-sidecar", image: "sidecar:1" }],
    },
    status: {
      phase: "Running",
      initContainerStatuses: [{ name: "healthpolicy-sidecar", ready }],
    },
  };
}

function allPods(): object[] {
  const pods: object[] = [];
  for (let policy = 0; policy < POLICIES; policy += 1) {
    for (let pod = 0; pod < PODS_PER_POLICY; pod += 1) pods.push(podOf(policy, pod, true));
  }
  return pods;
}

async function apply({ path, object }: ApplyOptions): Promise<unknown> {
  const { status } = object as { status?: HealthPolicyStatus };
  const stored = { ...object, metadata: { uid: "uid", resourceVersion: "1" } };
  if (!status) return stored;
  const namespace = path.split("/")[5] ?? "";
  writes.push({ namespace, status, at: performance.now() });
  putPolicy(namespace, { status });
  return stored;
}

async function request({ path }: KubeRequest): Promise<unknown> {
  if (path.includes("/clusterroles/")) return { metadata: { uid: "uid-of-role" } };
  const items = path === "/api/v1/pods" ? allPods() : [];
  return { metadata: { resourceVersion: "1" }, items };
}

async function stream({ path, query, signal }: KubeRequest): Promise<http.IncomingMessage> {
  if (query?.sendInitialEvents) throw new ApiError("watching", { code: 422, body: "{}" });
  const body = path === "/api/v1/pods" ? podWatch : new PassThrough();
  if (signal) addAbortSignal(signal, body);
  return body as unknown as http.IncomingMessage;
}

function caches(): Caches {
  return {
    policies: { get: (key: string) => policies.get(key), values: () => policies.values() },
    index,
    clusterPolicies: { values: () => [] },
    namespaces: { get: () => undefined },
    clusterPoliciesOf: () => [],
    namespacesWithAppliedStandards: () => [],
    selectorsOfAppliedStandards: () => [],
    namespacesWithStandards: () => [],
    certificate: () => undefined,
    namespaceOptedOut: () => false,
    service: () => undefined,
    untilSynced: async () => undefined,
    refresh: async () => undefined,
    subscribe: (listener: typeof tell) => {
      tell = listener;
      return () => undefined;
    },
  } as unknown as Caches;
}

/** Lets the virtual clock run, and streams and promises with it. */
async function pass(milliseconds: number, each: () => void = () => undefined): Promise<void> {
  for (let passed = 0; passed < milliseconds; passed += STEP_MILLISECONDS) {
    each();
    await jest.advanceTimersByTimeAsync(STEP_MILLISECONDS);
    await new Promise((resolve) => setImmediate(resolve));
  }
}

function writesOf(namespace: string): Write[] {
  return writes.filter((write) => write.namespace === namespace);
}

/** A pod's sidecar turns unready or ready. */
function turn(policy: number, pod: number, ready: boolean): void {
  podWatch.write(`${JSON.stringify({ type: "MODIFIED", object: podOf(policy, pod, ready) })}\n`);
}

/** All pods of all policies turn unready, evenly over the storm's time. */
async function storm(each: (passed: number) => void = () => undefined): Promise<void> {
  const turns = POLICIES * PODS_PER_POLICY;
  let turned = 0;
  let passed = 0;
  await pass(STORM_MILLISECONDS, () => {
    passed += STEP_MILLISECONDS;
    for (; turned < (turns * passed) / STORM_MILLISECONDS; turned += 1) {
      turn(turned % POLICIES, Math.floor(turned / POLICIES), false);
    }
    each(passed);
  });
}

beforeEach(async () => {
  jest.useFakeTimers({ doNotFake: ["nextTick", "setImmediate", "queueMicrotask"] });
  version = 10;
  policies = new Map();
  index = createPolicyIndex();
  podWatch = new PassThrough();
  writes = [];
  for (let policy = 0; policy < POLICIES; policy += 1) {
    const now = record(namespaceOf(policy));
    policies.set(`${namespaceOf(policy)}/web`, now);
    index.update({ key: `${namespaceOf(policy)}/web`, now });
  }
  const client = { apply, request, stream } as KubeClient;
  const log = pino({ level: "silent" });
  stop = new AbortController();
  leader = createLeader({
    client,
    caches: caches(),
    settings: LEADER_SETTINGS,
    dnsName: "webhook.system.svc",
    log,
  });
  leading = leader.lead(stop.signal);
  // All statuses are written once; then it is quiet.
  await pass(40_000);
});

afterEach(async () => {
  stop.abort();
  await leading;
  jest.useRealTimers();
});

test("the writes of a storm are bounded, and afterwards every count is right", async () => {
  // A burst, and then no faster than the bucket fills.
  const settled = writes.length;
  expect(settled).toBe(POLICIES);
  const lastAt = Math.max(...writes.map(({ at }) => at));
  const firstAt = Math.min(...writes.map(({ at }) => at));
  const filling = (POLICIES - STATUS_WRITES_BURST) / STATUS_WRITES_PER_SECOND;
  expect(lastAt - firstAt).toBeGreaterThan(filling * 1_000 - 1_000);

  writes = [];
  await storm();
  const bound = STATUS_WRITES_BURST + (STATUS_WRITES_PER_SECOND * STORM_MILLISECONDS) / 1_000;
  expect(writes.length).toBeLessThanOrEqual(bound);
  expect(writes.length).toBeGreaterThan(bound / 2);
  // The metric knows at once.
  await pass(400);
  for (const counts of leader.counts().values()) expect(counts.unready).toBe(PODS_PER_POLICY);

  // Each policy has its turn once more.
  await pass((POLICIES / STATUS_WRITES_PER_SECOND) * 1_000 + 1_000);
  for (let policy = 0; policy < POLICIES; policy += 1) {
    const last = writesOf(namespaceOf(policy)).at(-1);
    expect(last?.status.pods?.unready).toBe(PODS_PER_POLICY);
  }
});

test("a condition does not wait in a storm, and a busy policy keeps no other waiting", async () => {
  writes = [];
  let editedAt = 0;
  const edited = namespaceOf(499);
  await storm((passed) => {
    // One pod of one policy flaps all the time.
    turn(0, 0, (passed / STEP_MILLISECONDS) % 2 === 0);
    if (passed !== STORM_MILLISECONDS / 2) return;
    editedAt = performance.now();
    putPolicy(edited, { generation: 4 });
  });
  const answer = writesOf(edited).find(({ status }) => status.observedGeneration === 4);
  expect(answer).toBeDefined();
  expect((answer?.at ?? 0) - editedAt).toBeLessThan(500);
  expect(writesOf(namespaceOf(0)).length).toBeLessThanOrEqual(3);
});
