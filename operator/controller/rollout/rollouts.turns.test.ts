/** Rollouts of several namespaces beside each other, in the leader's queue. */
import { afterEach, beforeEach, expect, jest, test } from "@jest/globals";
import { rawPolicy } from "../../api/testing/policy.ts";
import { revisionOf } from "../../inject/revision.ts";
import { ApiError } from "../kube/api-error.ts";
import type { KubeObject } from "../kube/kube-object.ts";
import { createQueue } from "../kube/queue.ts";
import type { PodRecord } from "../pods/pod-record.ts";
import { createPolicyIndex, type PolicyRecord, projectPolicy } from "../policy/policy-cache.ts";
import { rolloutItem, type WorkItem, workItemKey } from "../work-item.ts";
import { createEvictionPace } from "./eviction-pace.ts";
import { createRollouts } from "./rollouts.ts";
import { IN_FORCE } from "./testing/led-rollout.ts";
import { inWorkload, pod } from "./testing/rollout-facts.ts";

const BUDGET = new ApiError("evicting", {
  code: 429,
  body: JSON.stringify({ message: "it would violate the pod's disruption budget" }),
});

/** The address of sidecars that do not answer. */
const SILENT = "10.0.9.9";

beforeEach(() => {
  jest.useFakeTimers();
});

afterEach(() => {
  jest.useRealTimers();
});

/** Policies with workloads of two pods each, which lack the sidecar; in the namespace `refusing` none may go. */
function openNamespaces() {
  const index = createPolicyIndex(() => []);
  const policies = new Map<string, PolicyRecord>();
  const pods = new Map<string, PodRecord[]>();
  const attempts: string[] = [];

  /** The pod has a successor as its policy asks for it. */
  function replace(namespace: string, name: string): void {
    const policy = index.policies(namespace).find((one) => name.startsWith(`${one.name}-`));
    const revision = policy ? revisionOf(policy) : "";
    const sidecar = { policy: policy?.name ?? "", revision, ready: true, port: 19_847 };
    const next = (old: PodRecord) => ({
      ...old,
      name: `${name}-next`,
      uid: `${old.uid}-next`,
      sidecar,
    });
    const all = pods.get(namespace) ?? [];
    pods.set(
      namespace,
      all.map((one) => (one.name === name ? next(one) : one)),
    );
  }

  const rollouts = createRollouts({
    client: {
      request: async <T>({ path }: { path: string }) => {
        const [, , , , namespace = "", , name = ""] = path.split("/");
        attempts.push(namespace);
        if (namespace === "refusing") throw BUDGET;
        replace(namespace, name);
        return {} as T;
      },
    },
    caches: { policies: policies as never, index, service: () => undefined },
    pods: {
      pods: (namespace) => pods.get(namespace) ?? [],
      terminating: () => [],
      synced: () => true,
    },
    namespace: "system",
    evictionsPerMinute: 10,
    pace: createEvictionPace(10),
    isImageUnproven: () => false,
    webhookReach: () => ({ state: "reachable" }),
    webhookAnswers: async () => true,
    ask: async ({ ip }) =>
      ip === SILENT ? undefined : JSON.stringify({ policy: ip, dependencies: [] }),
    events: { record: () => {} },
    onEviction: () => {},
    // The status is written and read back.
    onChange: ({ namespace, name }) => {
      setTimeout(() => {
        const record = policies.get(`${namespace}/${name}`) as PolicyRecord;
        const rollout = rollouts.status(record);
        policies.set(`${namespace}/${name}`, {
          ...record,
          status: { ...IN_FORCE, ...(rollout && { rollout }) },
        });
        queue.add(rolloutItem({ namespace, name }));
      }, 50);
    },
    onWork: (policy) => queue.add(rolloutItem(policy)),
    log: { info: () => {}, warn: () => {} } as never,
  });
  const queue = createQueue<WorkItem>({
    handle: (item) => rollouts.work(item as PolicyRecord & WorkItem),
    keyOf: workItemKey,
    log: { warn: () => {} } as never,
  });

  return {
    attempts,
    policies,
    /** The pods of the namespace are like this from now on. */
    change: (namespace: string, overrides: Partial<PodRecord>): void => {
      const all = pods.get(namespace) ?? [];
      pods.set(
        namespace,
        all.map((one) => ({ ...one, ...overrides })),
      );
    },
    work: (namespace: string, name: string) => queue.add(rolloutItem({ namespace, name })),
    stop: async () => {
      await Promise.all([queue.stop(), rollouts.stop()]);
    },
    add: (namespace: string, name: string, workloads: number): void => {
      const selector = { matchLabels: { app: name } };
      const raw = rawPolicy({ namespace, name, uid: name }, { rollout: "Restart", selector });
      const now = projectPolicy({ ...raw, status: IN_FORCE } as unknown as KubeObject);
      policies.set(`${namespace}/${name}`, now as PolicyRecord);
      index.update({ key: `${namespace}/${name}`, now: now as PolicyRecord });
      const added = Array.from({ length: 2 * workloads }, (_, count) =>
        pod(`${name}-${count}`, {
          namespace,
          // By which the stand-in for a sidecar knows what to say.
          ip: name,
          labels: { app: name },
          ...inWorkload(`Deployment/${name}-${Math.floor(count / 2)}`),
        }),
      );
      pods.set(namespace, [...(pods.get(namespace) ?? []), ...added]);
      queue.add(rolloutItem({ namespace, name }));
    },
  };
}

test("budgets that refuse everything, of many policies, leave the turns to other namespaces", async () => {
  const namespaces = openNamespaces();
  for (let count = 0; count < 10; count += 1) namespaces.add("refusing", `p${count}`, 6);
  // Each of them lets a new pod settle for 16 s.
  for (let count = 0; count < 3; count += 1) namespaces.add("shop", `web${count}`, 6);
  await jest.advanceTimersByTimeAsync(75_000);
  await namespaces.stop();
  const refused = namespaces.attempts.filter((namespace) => namespace === "refusing").length;
  const evicted = namespaces.attempts.length - refused;
  // From the tenth second on one each 7 s: a refusal takes one of them.
  expect(evicted).toBeGreaterThanOrEqual(8);
  expect(refused).toBeGreaterThanOrEqual(8);
});

test.each<[string, (of: ReturnType<typeof openNamespaces>) => void]>([
  [
    "whose sidecars do not answer",
    ({ change }) =>
      change("first", {
        ip: SILENT,
        sidecar: { policy: "web", revision: "old", ready: true, port: 19_847 },
      }),
  ],
  ["whose pods are not ready any more", ({ change }) => change("first", { ready: false })],
  ["that is deleted", ({ policies }) => policies.delete("first/web")],
])("a policy %s does not keep its place before others", async (_, happen) => {
  const namespaces = openNamespaces();
  namespaces.add("first", "web", 2);
  namespaces.add("shop", "web", 2);
  await jest.advanceTimersByTimeAsync(8_000);
  happen(namespaces);
  namespaces.work("first", "web");
  await jest.advanceTimersByTimeAsync(4_000);
  await namespaces.stop();
  expect(namespaces.attempts).toEqual(["shop"]);
});
