/** A dependency is gone, and pods turn unready by the hundred: what the leader says of it, and how often. */
import { afterEach, expect, jest, test } from "@jest/globals";
import { namespaceOf, openVirtualCluster, type VirtualCluster } from "./testing/virtual-cluster.ts";

jest.setTimeout(120_000);

const MINUTE = 60_000;
/** Over all objects, in any minute. */
const MOST_EVENTS = 60;
/** Nothing turns meanwhile: time may pass in larger steps. */
const QUIET = { step: 200 };
/** Between two writes of one policy's status. */
const STATUS_MILLISECONDS = 5_000;
/** More than have a watch of their own. */
const POLICIES = 30;

let cluster: VirtualCluster;
afterEach(() => cluster.close());

/** Policies whose database is gone, and since when; the second part of a pod's address tells its policy. */
let down: Map<number, string>;

async function ask({ ip }: { ip: string }): Promise<string> {
  const since = down.get(Number(ip.split(".")[1]));
  const failure = { gating: true, reason: "ConnectionRefused", since };
  const dependency = { name: "orders-db", ...(since ? failure : { gating: false }) };
  return JSON.stringify({ policy: "web", dependencies: [dependency] });
}

async function open(policies: number, podsOf: (policy: number) => number): Promise<void> {
  down = new Map();
  cluster = await openVirtualCluster({ policies, podsOf, ask });
  await cluster.pass(10_000, QUIET);
  expect(cluster.events).toStrictEqual([]);
}

/** All pods of a policy turn, evenly over the time. */
async function turnAll(policy: number, pods: number, ready: boolean): Promise<void> {
  if (ready) down.delete(policy);
  else down.set(policy, new Date().toISOString());
  const milliseconds = 4_000;
  let turned = 0;
  let step = 0;
  await cluster.pass(milliseconds, {
    each: () => {
      step += 20;
      for (; turned < (pods * step) / milliseconds; turned += 1)
        cluster.turn(policy, turned, ready);
    },
  });
}

function busiestMinute(): number {
  const times = cluster.events.map(({ at }) => at);
  return Math.max(
    0,
    ...times.map((from) => times.filter((at) => at >= from && at < from + MINUTE).length),
  );
}

/** The shortest time between two writes of the policy's status. */
function shortestGap(namespace: string): number {
  const times = cluster.writesOf(namespace).map(({ at }) => at);
  return Math.min(...times.slice(1).map((at, index) => at - (times[index] ?? 0)));
}

test("a thousand pods fail together: few Events, of which one stands for all, and a status every 5 s", async () => {
  const pods = 1_000;
  await open(POLICIES, (policy) => (policy === 0 ? pods : 1));
  const { writesOf, events, pass } = cluster;
  cluster.writes.length = 0;
  await turnAll(0, pods, false);
  // Meanwhile another policy's only pod fails, too: it is heard, and does not wait for the thousand.
  await turnAll(1, 1, false);
  expect(events.filter(({ namespace }) => namespace === namespaceOf(1))).toHaveLength(2);
  await pass(56_000, QUIET);
  expect(shortestGap(namespaceOf(0))).toBeGreaterThanOrEqual(STATUS_MILLISECONDS);
  expect(writesOf(namespaceOf(0)).at(-1)?.status).toMatchObject({
    reason: expect.stringMatching(/orders-db: ConnectionRefused$/),
    pods: { unready: pods, asked: 200, unknown: 0 },
    dependencies: [{ name: "orders-db", failingPods: 200 }],
  });
  const said = (namespace: string) =>
    events
      .filter((event) => event.namespace === namespace)
      .map(
        ({ kind, reason, message }) => `${kind} ${reason}: ${message.replaceAll(/\d+s/g, "Ns")}`,
      );
  const ofPod = "Pod DependencyUnavailable: orders-db: ConnectionRefused for Ns";
  const ofAll = (pods: string) =>
    `HealthPolicy DependencyUnavailable: orders-db: ConnectionRefused for Ns, in ${pods}`;
  expect(said(namespaceOf(0)).sort()).toStrictEqual([
    ofAll("all 1000 pods, 200 of which were heard"),
    ...Array.from({ length: 10 }, () => ofPod),
  ]);
  expect(said(namespaceOf(1)).sort()).toStrictEqual([
    ofAll("the only pod that follows the policy"),
    ofPod,
  ]);

  events.length = 0;
  await turnAll(0, pods, true);
  await pass(MINUTE, QUIET);
  expect(said(namespaceOf(0)).filter((one) => one.startsWith("HealthPolicy"))).toContain(
    "HealthPolicy DependencyRecovered: orders-db keeps no pod unready any more, after 1mNs",
  );
  expect(busiestMinute()).toBeLessThanOrEqual(MOST_EVENTS);
  expect(writesOf(namespaceOf(0)).at(-1)?.status.reason).not.toContain("orders-db");
});

test("sixty policies fail together: 60 Events a minute, and each policy has its own in time", async () => {
  const policies = 60;
  await open(policies, () => 3);
  for (let policy = 0; policy < policies; policy += 1) down.set(policy, new Date().toISOString());
  for (let pod = 0; pod < 3; pod += 1) {
    await cluster.pass(100);
    for (let policy = 0; policy < policies; policy += 1) cluster.turn(policy, pod, false);
  }
  await cluster.pass(4 * MINUTE, QUIET);
  expect(busiestMinute()).toBeLessThanOrEqual(MOST_EVENTS);
  expect(cluster.events.length).toBeGreaterThan(170);
  const ofPolicies = cluster.events.filter(({ kind }) => kind === "HealthPolicy");
  expect(new Set(ofPolicies.map(({ namespace }) => namespace)).size).toBe(policies);
  expect(cluster.events.filter(({ message }) => message.includes("in all 3 pods"))).toHaveLength(
    policies,
  );
});
