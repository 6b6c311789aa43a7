/** What the leader delivers to pods that ask each other, and what it says of a fault that they share. */
import { afterEach, beforeEach, describe, expect, jest, test } from "@jest/globals";
import { POLICY_FILE } from "../../api/names.ts";
import { podOf } from "../pods/testing/pod-of.ts";
import type { Outcome } from "../sidecars/sidecar-reports.ts";
import { runAhead } from "../testing/run-ahead.ts";
import { RESAMPLE_MILLISECONDS } from "./fleet-peers.ts";
import { CONFIG_MAP, openPolicy, type ReconciledPolicy } from "./testing/reconciled-policy.ts";

// Machines that run everything at once are slow; what is measured, is measured in the tests.
jest.setTimeout(30_000);

let web: ReconciledPolicy;
beforeEach(async () => {
  web = await openPolicy();
  web.cachePolicy({}, { fleet: { maxUnready: "50%" } });
});
afterEach(() => web.close());

const SINCE = "2026-01-02T03:04:05.000Z";
const saying = (dependency: object) => ({
  answer: {
    policy: "web",
    dependencies: [
      { name: "orders-db", gating: false, reason: "ConnectionRefused", ...dependency },
    ],
  } as never,
});

function putPod(index: number, ready = true): void {
  const pod = podOf({ name: `web-${index}`, ip: `10.0.0.${index}` });
  const sidecar = { policy: "web", revision: pod.sidecar?.revision ?? "", ready, port: 19_847 };
  web.pods.update({ key: `shop/web-${index}`, now: { ...pod, sidecar } });
}
const file = () => {
  const { data } = web.api.objects.get(CONFIG_MAP) as unknown as { data: Record<string, string> };
  return JSON.parse(data[POLICY_FILE] ?? "");
};
const delivered = () => file().fleet;
/** Puts the other pods 3 and 4 in the place of 1 and 2. */
function replacePods(): void {
  for (const index of [1, 2]) {
    web.pods.update({ key: `shop/web-${index}`, old: podOf({ name: `web-${index}` }) });
    putPod(index + 2);
  }
}
const told = () => web.world.events.filter(({ reason }) => reason === "SharedFault");
const ready = () => web.status().conditions?.find(({ type }) => type === "Ready");

test("the policy file carries the pods, and the status the limit and the longer bound", async () => {
  putPod(1);
  putPod(2);
  await web.reconcile();
  expect(delivered()).toMatchObject({ maxUnready: { percent: 50 }, pods: 2 });
  expect(delivered().peers).toHaveLength(2);
  expect(web.status().effective?.fleet).toStrictEqual({
    maxUnready: { value: "50%", source: "policy" },
  });
  expect(web.status().bounds?.unreadyWithin).toBe("18500ms");
});

test("other pods are not delivered before their time, and asked for then", async () => {
  for (const index of [1, 2]) putPod(index);
  await web.reconcile();
  web.echo();
  const first = delivered();
  replacePods();
  const again = await web.reconcile();
  expect(delivered()).toStrictEqual(first);
  expect(again).toBeGreaterThan(50_000);
  expect(again).toBeLessThanOrEqual(60_000);
});

test("a sample that is due in the midst of a call is delivered by the next one, and not lost", async () => {
  const clock = performance.now.bind(performance);
  let ahead = 0;
  const spy = jest.spyOn(performance, "now").mockImplementation(() => clock() + ahead);
  try {
    putPod(1);
    await web.reconcile();
    web.pods.update({ key: "shop/web-1", old: podOf() });
    putPod(2);
    ahead = RESAMPLE_MILLISECONDS - 10_000;
    // What sidecars said is looked at after the ConfigMap.
    web.world.outcomes.get = () => {
      ahead = RESAMPLE_MILLISECONDS;
      return undefined;
    };
    const again = await web.reconcile();
    expect(ahead).toBe(RESAMPLE_MILLISECONDS);
    expect(again).toBeLessThanOrEqual(10_000);
    await web.reconcile();
    expect(delivered().peers).toStrictEqual([{ ip: "10.0.0.2", port: 19_847 }]);
  } finally {
    spy.mockRestore();
  }
});

describe("a policy that became invalid", () => {
  const PEERS = [3, 4].map((index) => ({ ip: `10.0.0.${index}`, port: 19_847 }));
  const peersByAddress = () =>
    delivered().peers.toSorted((one: { ip: string }, other: { ip: string }) =>
      one.ip.localeCompare(other.ip),
    );
  let before: object;
  /** Delivers a policy of this spec, has it become invalid with an edit to the other, and replaces the pods. */
  async function openInvalid(valid: object, edited: object): Promise<void> {
    web.cachePolicy({}, valid);
    for (const index of [1, 2]) putPod(index);
    await web.reconcile();
    web.echo();
    before = file();
    web.cachePolicy({ generation: 4 }, edited);
    web.suppliers.push({ name: "standard", defaults: { timing: { checkTimeout: "30s" } } });
    web.resolveAgain();
    await web.reconcile();
    web.echo();
    replacePods();
    runAhead(RESAMPLE_MILLISECONDS);
  }
  const half = { fleet: { maxUnready: "50%" } };
  const tenth = { fleet: { maxUnready: "10%" } };
  afterEach(() => {
    jest.restoreAllMocks();
  });

  // What the edit asks for of shares is no more in force than its times.
  test.each([
    ["another share", tenth],
    ["no share", {}],
  ])("by an edit to %s has the pods of today in what stands of it", async (_what, edited) => {
    await openInvalid(half, edited);
    expect(file()).toStrictEqual(before);
    expect(web.status().conditions?.[0]).toMatchObject({ type: "Accepted", status: "False" });
    await web.reconcile();
    expect(peersByAddress()).toStrictEqual(PEERS);
    expect(file()).toStrictEqual({ ...before, fleet: delivered() });
    expect(delivered().maxUnready).toStrictEqual({ percent: 50 });
  });

  test("has pods ask nobody where they asked nobody before the edit", async () => {
    await openInvalid({}, tenth);
    await web.reconcile();
    expect(file()).toStrictEqual(before);
    expect(delivered()).toBeUndefined();
  });

  test("has them too after a write that failed", async () => {
    await openInvalid(half, tenth);
    web.api.failure = { code: 500, reason: "InternalError" };
    await expect(web.reconcile()).rejects.toThrow();
    web.api.failure = undefined;
    await web.reconcile();
    expect(peersByAddress()).toStrictEqual(PEERS);
  });

  test("is left as it stands by a new leader, who does not know what that is", async () => {
    await openInvalid(half, tenth);
    await web.reconcileAsNewLeader();
    expect(file()).toStrictEqual(before);
  });
});

test("a new leader leaves the peers as they are until it knows the pods", async () => {
  putPod(1);
  await web.reconcile();
  const writes = () => web.api.writes().filter(({ path }) => path === CONFIG_MAP).length;
  const before = writes();
  web.world.unsynced = ["shop"];
  await web.reconcileAsNewLeader();
  expect(writes()).toBe(before);
  web.world.unsynced = [];
  await web.reconcileAsNewLeader();
  expect(delivered().pods).toBe(1);
});

test("a policy that is new is delivered before the pods are known", async () => {
  web.world.unsynced = ["shop"];
  await web.reconcile();
  expect(delivered()).toStrictEqual({ maxUnready: { percent: 50 }, pods: 0, peers: [] });
});

test("pods that stay ready in a fault that most share are asked, and told of in status and an Event", async () => {
  putPod(1);
  putPod(2, false);
  await web.reconcile();
  expect(web.world.following.get("web")?.toSorted()).toStrictEqual(["web-1", "web-2"]);
  expect(told()).toStrictEqual([]);

  web.world.outcomes.set("web-1", saying({ shared: true, since: SINCE }));
  web.world.outcomes.set("web-2", saying({ gating: true }));
  await web.reconcile();
  expect(web.status().dependencies).toStrictEqual([
    {
      name: "orders-db",
      failingPods: 1,
      sharedPods: 1,
      reason: "ConnectionRefused",
      since: SINCE,
      examples: ["web-1", "web-2"],
    },
  ]);
  expect(ready()).toMatchObject({
    status: "True",
    reason: "SharedFault",
    message:
      "In force. More pods than fleet.maxUnready lets go have the same fault, and stay ready: orders-db.",
  });
  expect(web.status().reason).toBe("SharedFault, orders-db: ConnectionRefused");
  expect(told()).toHaveLength(1);

  web.echo();
  await web.reconcile();
  const { outcomes } = web.world;
  web.world.outcomes = new Map();
  await web.reconcileAsNewLeader();
  web.world.outcomes = outcomes;
  await web.reconcileAsNewLeader();
  expect(ready()?.reason).toBe("SharedFault");
  expect(told()).toHaveLength(1);

  web.world.outcomes.set("web-1", saying({ reason: undefined }));
  await web.reconcile();
  expect(ready()?.reason).toBe("Ready");
});

/** The three pods of a policy say this. */
function allSay(outcome: Outcome): void {
  for (const index of [1, 2, 3]) web.world.outcomes.set(`web-${index}`, outcome);
}

async function lookAgain(): Promise<void> {
  // A new leader writes at once what the one before would write at the pace of counts.
  await web.reconcileAsNewLeader();
  web.echo();
}

describe("when a fault begins and when it is over is said once", () => {
  const shared = saying({ shared: true, since: SINCE });
  const up = saying({ up: true, reason: undefined });
  const silence = { answer: undefined };
  const unreachable = { state: "unreachable", message: "No way to the webhook." } as const;
  const saidOfIt = () =>
    web.world.events.flatMap(({ reason }) => (reason.startsWith("SharedFault") ? reason : []));

  beforeEach(async () => {
    for (const index of [1, 2, 3]) putPod(index);
    allSay(shared);
    await lookAgain();
    expect(saidOfIt()).toStrictEqual(["SharedFault"]);
  });

  test("sidecars that cannot be reached do not say that it is over", async () => {
    allSay(silence);
    await lookAgain();
    expect(ready()?.reason).toBe("SharedFault");
    expect(web.status().pods).toMatchObject({ asked: 3, unknown: 3 });
    expect(saidOfIt()).toStrictEqual(["SharedFault"]);
    allSay(up);
    await lookAgain();
    expect(saidOfIt()).toStrictEqual(["SharedFault", "SharedFaultOver"]);
  });

  test("nor does the first one that a new leader asks in vain", async () => {
    web.world.outcomes = new Map([["web-1", silence]]);
    await lookAgain();
    allSay(shared);
    await lookAgain();
    expect(saidOfIt()).toStrictEqual(["SharedFault"]);
  });

  test.each([
    ["a pod that the fault leaves alone", "web-1", up],
    ["a new pod, which waits until the dependency is up", "web-4", saying({ gating: true })],
  ])("nor does the first answer that a new leader has: of %s", async (_whose, name, answer) => {
    putPod(4, false);
    web.world.outcomes = new Map([[name, answer]]);
    await lookAgain();
    expect(ready()?.reason).toBe("SharedFault");
    allSay(shared);
    web.world.outcomes.set(name, answer);
    await lookAgain();
    expect(saidOfIt()).toStrictEqual(["SharedFault"]);
    allSay(up);
    await lookAgain();
    expect(saidOfIt()).toStrictEqual(["SharedFault", "SharedFaultOver"]);
  });

  test("a webhook that is unreachable for a while neither ends it nor begins it again", async () => {
    web.world.webhookReach = unreachable;
    await lookAgain();
    expect(ready()?.reason).toBe("WebhookUnreachable");
    web.world.webhookReach = { state: "reachable" };
    await lookAgain();
    expect(ready()?.reason).toBe("SharedFault");
    expect(saidOfIt()).toStrictEqual(["SharedFault"]);
  });

  test("nor does it keep away that it is over, and that another begins", async () => {
    web.world.webhookReach = unreachable;
    await lookAgain();
    allSay(up);
    await lookAgain();
    expect(saidOfIt()).toStrictEqual(["SharedFault", "SharedFaultOver"]);
    allSay(shared);
    await lookAgain();
    expect(saidOfIt()).toStrictEqual(["SharedFault", "SharedFaultOver", "SharedFault"]);
  });

  test("an edit that takes its time to be programmed does not end it either", async () => {
    web.cachePolicy({ generation: 4 }, { fleet: { maxUnready: "40%" } });
    web.world.outcomes = new Map();
    await lookAgain();
    expect(ready()?.reason).toBe("Reconciling");
    web.world.known = { ...web.world.known, generation: 4 };
    allSay(shared);
    await lookAgain();
    expect(saidOfIt()).toStrictEqual(["SharedFault"]);
  });
});
