/** Which sidecars the leader asks about a policy, and what it writes of their answers. */
import { afterEach, beforeEach, expect, jest, test } from "@jest/globals";
import { podOf } from "../pods/testing/pod-of.ts";
import { openPolicy, type ReconciledPolicy } from "./testing/reconciled-policy.ts";

// Machines that run everything at once are slow; what is measured, is measured in the tests.
jest.setTimeout(30_000);

let web: ReconciledPolicy;
beforeEach(async () => {
  web = await openPolicy();
});
afterEach(() => web.close());

const SINCE = "2026-01-02T03:04:05.000Z";
const WOULD_GATE = {
  policy: "web",
  wouldBeReady: false,
  dependencies: [
    {
      name: "orders-db",
      gating: false,
      wouldGate: true,
      reason: "ConnectionRefused" as const,
      since: SINCE,
    },
  ],
};
const UP = { policy: "web", wouldBeReady: true, dependencies: [] };

function putPod(ready: boolean, change: object = {}): void {
  const pod = podOf();
  const sidecar = { policy: "web", revision: pod.sidecar?.revision ?? "", ready, port: 19_847 };
  web.pods.update({ key: "shop/web-1", now: { ...pod, sidecar, ...change } });
}

test("of a dry run the ready pods are asked, and the status names who would be unready, for what, since when", async () => {
  web.cachePolicy({}, { mode: "DryRun" });
  putPod(true);
  await web.reconcile();
  expect(web.world.following.get("web")).toStrictEqual(["web-1"]);
  expect(web.status()).not.toHaveProperty("dependencies");
  expect(web.status().pods).not.toHaveProperty("asked");

  web.world.outcomes.set("web-1", { answer: WOULD_GATE });
  await web.reconcileAsNewLeader();
  expect(web.status().pods).toMatchObject({ wouldBeUnready: 1, asked: 1, unknown: 0, unready: 0 });
  const reported = {
    name: "orders-db",
    failingPods: 1,
    reason: "ConnectionRefused",
    since: SINCE,
    examples: ["web-1"],
  };
  expect(web.status().dependencies).toStrictEqual([reported]);
  expect(web.counts().get("shop/web")?.reports).toBeUndefined();

  web.echo();
  web.world.outcomes.clear();
  await web.reconcileAsNewLeader();
  expect(web.status().dependencies).toStrictEqual([reported]);

  web.world.outcomes.set("web-1", { answer: UP });
  await web.reconcileAsNewLeader();
  expect(web.status()).not.toHaveProperty("dependencies");
  expect(web.status().pods).toMatchObject({ wouldBeUnready: 0, asked: 1, unknown: 0 });
});

test("what sidecars say is written at the pace of counts", async () => {
  web.cachePolicy({}, { mode: "DryRun" });
  putPod(true);
  await web.reconcile();
  web.echo();
  web.world.outcomes.set("web-1", { answer: WOULD_GATE });
  const wait = await web.reconcile();
  expect(wait).toBeGreaterThan(3_000);
  expect(wait).toBeLessThanOrEqual(5_000);
  expect(web.statusWrites()).toBe(1);
});

test("the reason that kubectl get shows follows at the pace of counts, too", async () => {
  putPod(false);
  await web.reconcile();
  expect(web.status().reason).toBe("Ready");
  web.echo();
  const gates = { name: "orders-db", gating: true, reason: "ConnectTimeout" as const };
  web.world.outcomes.set("web-1", { answer: { policy: "web", dependencies: [gates] } });
  const wait = await web.reconcile();
  expect(wait).toBeGreaterThan(3_000);
  expect(web.statusWrites()).toBe(1);
  await web.reconcileAsNewLeader();
  expect(web.status().reason).toBe("orders-db: ConnectTimeout");
});

test("a pod that does not answer is unknown, and nothing else changes", async () => {
  web.cachePolicy({}, { mode: "DryRun" });
  putPod(true);
  web.world.outcomes.set("web-1", { answer: undefined });
  await web.reconcile();
  expect(web.status().pods).toMatchObject({ wouldBeUnready: 0, asked: 1, unknown: 1 });
  const ready = web.status().conditions?.find(({ type }) => type === "Ready");
  expect(ready).toMatchObject({ status: "True", reason: "DryRun" });
});

test("of an enforced policy the unready pods are asked, and nobody while there are none", async () => {
  putPod(true);
  await web.reconcile();
  expect(web.world.following.get("web")).toStrictEqual([]);
  putPod(false);
  web.world.outcomes.set("web-1", {
    answer: {
      policy: "web",
      dependencies: [{ name: "orders-db", gating: true, reason: "ConnectTimeout", since: SINCE }],
    },
  });
  await web.reconcileAsNewLeader();
  expect(web.world.following.get("web")).toStrictEqual(["web-1"]);
  expect(web.status().dependencies).toMatchObject([
    { name: "orders-db", reason: "ConnectTimeout" },
  ]);
  expect(web.status().pods).not.toHaveProperty("wouldBeUnready");
});

test("what dependencies do to pods is said on the pod and on the policy, and not in a dry run", async () => {
  putPod(true);
  await web.reconcile();
  putPod(false);
  await web.reconcile();
  const gates = {
    ...{ name: "orders-db", gating: true, since: new Date(Date.now() - 12_000).toISOString() },
    reason: "ConnectionRefused" as const,
  };
  web.world.outcomes.set("web-1", { answer: { policy: "web", dependencies: [gates] } });
  await web.reconcile();
  await web.reconcile();
  putPod(true);
  await web.reconcile();
  const said = web.world.events.map(({ regarding, reason, message }) => {
    return [regarding.kind, reason, message.replace(/1[2-9]s/, "12s")];
  });
  expect(said).toStrictEqual([
    ["Pod", "DependencyUnavailable", "orders-db: ConnectionRefused for 12s"],
    [
      "HealthPolicy",
      "DependencyUnavailable",
      "orders-db: ConnectionRefused for 12s, in the only pod that follows the policy",
    ],
    ["Pod", "DependencyRecovered", "orders-db after 12s"],
    ["HealthPolicy", "DependencyRecovered", "orders-db keeps no pod unready any more, after 12s"],
  ]);
  web.world.events.length = 0;
  web.cachePolicy({ generation: 4 }, { mode: "DryRun" });
  web.world.outcomes.set("web-1", { answer: WOULD_GATE });
  await web.reconcile();
  expect(web.world.events).toStrictEqual([]);
});

test("whether new pods get the sidecar is said, also that they would wait for themselves", async () => {
  const created = Date.now() / 1_000;
  const { sidecar: _, ...bare } = podOf({ created });
  web.pods.update({ key: "shop/web-1", now: podOf({ created }) });
  web.pods.update({ key: "shop/web-2", now: { ...bare, name: "web-2", uid: "uid-2" } });
  await web.reconcile();
  web.world.services = [
    { namespace: "shop", name: "orders-db", selector: { app: "web" }, headless: false },
  ];
  await web.reconcile();
  const said = web.world.events.map(({ regarding, reason, message }) => {
    return [regarding.name, reason, message.split(" ")[0]];
  });
  expect(said).toStrictEqual([
    ["web-1", "Injected", "Pods"],
    ["web-2", "InjectionSkipped", "CircularDependency:"],
  ]);
});

test("nobody is asked for a policy that is gone", async () => {
  putPod(false);
  await web.reconcile();
  expect(web.world.following.get("web")).toStrictEqual(["web-1"]);
  web.policies.delete("shop/web");
  await web.reconcile();
  expect(web.world.following.get("web")).toStrictEqual([]);
});
