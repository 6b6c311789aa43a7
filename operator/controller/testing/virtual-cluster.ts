/**
 * For tests of many pods: a leader on a virtual clock, in a cluster of equal policies with equal pods, without sockets.
 * Time passes in steps, and what a step brings is worked on before the next.
 */
import type http from "node:http";
import { addAbortSignal, PassThrough } from "node:stream";
import { jest } from "@jest/globals";
import { pino } from "pino";
import { effectivePolicy } from "../../api/effective-policy.ts";
import { rawPolicy } from "../../api/testing/policy.ts";
import type { HealthPolicyStatus } from "../../api/v1alpha1-status.ts";
import { revisionOf } from "../../inject/revision.ts";
import type { CacheChange, Caches } from "../caches.ts";
import { ApiError } from "../kube/api-error.ts";
import type { ApplyOptions, KubeClient, KubeRequest } from "../kube/kube-client.ts";
import { fieldsAdded } from "../kube/testing/fields-added.ts";
import { createLeader } from "../leader.ts";
import { createPolicyIndex, type PolicyRecord, projectPolicy } from "../policy/policy-cache.ts";
import type { Ask } from "../sidecars/survey-sidecars.ts";
import { LEADER_SETTINGS } from "./leader-settings.ts";

/** What a step of the clock takes, in milliseconds. */
export const STEP_MILLISECONDS = 20;
const PODS = "/api/v1/pods";

/** What the cluster is. */
export interface VirtualClusterOptions {
  /** One in each namespace, `shop-0` and so on; more than 20, or pods are not watched all together. */
  policies: number;
  podsOf: (policy: number) => number;
  /** What sidecars answer; undefined: they have no address, and are not asked. */
  ask?: Ask;
}

/** A status that was written, and when. */
export interface StatusWrite {
  namespace: string;
  status: HealthPolicyStatus;
  at: number;
}

/** An Event that was written, and when. */
export interface EventWrite {
  namespace: string;
  kind: string;
  reason: string;
  message: string;
  at: number;
}

/** A cluster, and the leader in it. */
export type VirtualCluster = Awaited<ReturnType<typeof openVirtualCluster>>;

export function namespaceOf(policy: number): string {
  return `shop-${policy}`;
}

/** A policy that was programmed before this leader came. */
function programmedPolicy(namespace: string): PolicyRecord {
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

/** Called before each step, and how many milliseconds a step has. */
interface Pass {
  each?: () => void;
  step?: number;
}

/** Lets the virtual clock run, and streams and promises with it. */
async function pass(
  milliseconds: number,
  { each = () => undefined, step = STEP_MILLISECONDS }: Pass = {},
): Promise<void> {
  for (let passed = 0; passed < milliseconds; passed += step) {
    each();
    await jest.advanceTimersByTimeAsync(step);
    await new Promise((resolve) => setImmediate(resolve));
  }
}

/** All pods ready, and the clock virtual until the cluster is closed. */
export async function openVirtualCluster({ policies: count, podsOf, ask }: VirtualClusterOptions) {
  jest.useFakeTimers({ doNotFake: ["nextTick", "setImmediate", "queueMicrotask"] });
  const policies = new Map<string, PolicyRecord>();
  const index = createPolicyIndex();
  const podWatch = new PassThrough();
  const writes: StatusWrite[] = [];
  const events: EventWrite[] = [];
  const stop = new AbortController();
  let version = 10;
  let tell: (change: CacheChange) => void = () => undefined;

  /** What the watch of policies does when a policy or its status changes. */
  function putPolicy(namespace: string, change: Partial<PolicyRecord>): void {
    const key = `${namespace}/web`;
    const old = policies.get(key) as PolicyRecord;
    const now = { ...old, ...change };
    policies.set(key, now);
    index.update({ key, old, now });
    tell({ kind: "policy", change: { key, old, now } });
  }

  function addressOf(policy: number, pod: number): object {
    return ask ? { podIP: `10.${policy}.${Math.floor(pod / 250)}.${(pod % 250) + 1}` } : {};
  }

  function podOf(policy: number, pod: number, ready: boolean): object {
    version += 1;
    const namespace = namespaceOf(policy);
    const { declared } = policies.get(`${namespace}/web`) as PolicyRecord;
    const resolution = effectivePolicy(declared);
    const revision = "policy" in resolution ? revisionOf(resolution.policy) : "";
    const name = "healthpolicy-sidecar";
    const env = [{ name: "HEALTHPOLICY_PORT", value: "19847" }];
    return {
      metadata: {
        namespace,
        name: `web-${pod}`,
        uid: `${namespace}-${pod}`,
        resourceVersion: String(version),
        labels: { app: "web" },
        annotations: { "healthpolicy.dev/policy": "web", "healthpolicy.dev/revision": revision },
      },
      spec: { restartPolicy: "Always", initContainers: [{ name, image: "sidecar:1", env }] },
      status: {
        phase: "Running",
        ...addressOf(policy, pod),
        initContainerStatuses: [{ name, ready, started: ask !== undefined }],
      },
    };
  }

  function allPods(): object[] {
    const all = Array.from({ length: count }, (_, policy) =>
      Array.from({ length: podsOf(policy) }, (__, pod) => podOf(policy, pod, true)),
    );
    return all.flat();
  }

  async function apply({ object }: ApplyOptions): Promise<unknown> {
    return { ...object, metadata: { uid: "uid", resourceVersion: "1" } };
  }

  function writeStatus({ path, body }: KubeRequest): unknown {
    const { status } = fieldsAdded(body) as { status: HealthPolicyStatus };
    const namespace = path.split("/")[5] ?? "";
    writes.push({ namespace, status, at: performance.now() });
    putPolicy(namespace, { status });
    return {};
  }

  function writeEvent(body: unknown): unknown {
    const { involvedObject, reason, message } = body as {
      involvedObject: { namespace: string; kind: string };
    } & EventWrite;
    const { namespace, kind } = involvedObject;
    events.push({ namespace, kind, reason, message, at: performance.now() });
    return body;
  }

  async function request(asked: KubeRequest): Promise<unknown> {
    const { method, path, body } = asked;
    if (method === "POST") return writeEvent(body);
    if (method === "PATCH") return writeStatus(asked);
    if (path.includes("/clusterroles/")) return { metadata: { uid: "uid-of-role" } };
    return { metadata: { resourceVersion: "1" }, items: path === PODS ? allPods() : [] };
  }

  async function stream({ path, query, signal }: KubeRequest): Promise<http.IncomingMessage> {
    if (query?.sendInitialEvents) throw new ApiError("watching", { code: 422, body: "{}" });
    const body = path === PODS ? podWatch : new PassThrough();
    if (signal) addAbortSignal(signal, body);
    return body as unknown as http.IncomingMessage;
  }

  const caches = {
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

  for (let policy = 0; policy < count; policy += 1) {
    const now = programmedPolicy(namespaceOf(policy));
    policies.set(`${namespaceOf(policy)}/web`, now);
    index.update({ key: `${namespaceOf(policy)}/web`, now });
  }
  const leader = createLeader({
    client: { apply, request, stream } as KubeClient,
    caches,
    settings: LEADER_SETTINGS,
    dnsName: "webhook.system.svc",
    ...(ask && { ask }),
    log: pino({ level: "silent" }),
  });
  const leading = leader.lead(stop.signal);

  return {
    writes,
    events,
    counts: leader.counts,
    putPolicy,
    pass,
    writesOf: (namespace: string) => writes.filter((write) => write.namespace === namespace),

    /** A pod's sidecar turns unready or ready. */
    turn: (policy: number, pod: number, ready: boolean): void => {
      const object = podOf(policy, pod, ready);
      podWatch.write(`${JSON.stringify({ type: "MODIFIED", object })}\n`);
    },

    close: async (): Promise<void> => {
      stop.abort();
      await leading;
      jest.useRealTimers();
    },
  };
}
