/** What the leader delivers to pods that have come to be behind a host of their own policy. */
import { afterEach, beforeEach, expect, jest, test } from "@jest/globals";
import { POLICY_FILE } from "../../api/names.ts";
import { rawPolicy } from "../../api/testing/policy.ts";
import { podOf } from "../pods/testing/pod-of.ts";
import { runAhead } from "../testing/run-ahead.ts";
import { PACE_MILLISECONDS } from "./circular-news.ts";
import { CONFIG_MAP, openPolicy, type ReconciledPolicy } from "./testing/reconciled-policy.ts";

// Machines that run everything at once are slow; what is measured, is measured in the tests.
jest.setTimeout(30_000);

const OWN = { namespace: "shop", name: "orders-db", selector: { app: "web" }, headless: false };

let web: ReconciledPolicy;
beforeEach(async () => {
  web = await openPolicy();
});
afterEach(async () => {
  jest.restoreAllMocks();
  await web.close();
});

const file = () => {
  const { data } = web.api.objects.get(CONFIG_MAP) as unknown as { data: Record<string, string> };
  return JSON.parse(data[POLICY_FILE] ?? "");
};
/** Whom the policy's only dependency lets go. */
const circularPods = () => file().dependencies[0].circularPods;
const writes = () => web.api.writes().filter(({ path }) => path === CONFIG_MAP).length;
const message = (type: string) =>
  web.status().conditions?.find((condition) => condition.type === type)?.message;

test("a Service that comes after its pod lets the pod go, and has kubelets told", async () => {
  await web.reconcile();
  expect(circularPods()).toBeUndefined();
  const before = web.world.changedTo.length;
  web.world.services = [OWN];
  await web.reconcile();
  expect(circularPods()).toStrictEqual(["10.0.0.1"]);
  expect(web.world.changedTo).toHaveLength(before + 1);
});

test("the status says so, counts the pod, and advises no restart that could not help", async () => {
  web.world.services = [OWN];
  await web.reconcile();
  expect(message("Accepted")).toBe(
    "The selector matches pods behind Service orders-db, the host of dependency orders-db. So that none waits for itself they get no sidecar, or within two minutes the one that they have does not wait for it. Leave them out of the selector.",
  );
  expect(message("PodsCurrent")).not.toContain("estart");
  expect(web.status().pods).toMatchObject({
    summary: "1/1",
    outdated: 0,
    unready: 0,
    optedOut: 0,
  });
});

test("what holds the pod beside the circle is asked of it, and is in the status", async () => {
  web.world.services = [OWN];
  const { dependencies } = rawPolicy().spec;
  const stock = { name: "stock", memcached: { servers: [{ host: "stock", port: 11_211 }] } };
  web.cachePolicy({}, { dependencies: [...dependencies, stock] });
  const pod = podOf();
  const revision = pod.sidecar?.revision ?? "";
  const sidecar = { policy: "web", revision, ready: false, port: 19_847 };
  web.pods.update({ key: "shop/web-1", old: pod, now: { ...pod, sidecar } });
  const down = { gating: true, wouldGate: undefined, reason: "TooFewServers" as const };
  const said = [
    { name: "orders-db", gating: false, wouldGate: undefined },
    { name: "stock", since: "2026-01-02T03:04:05.000Z", ...down },
  ];
  web.world.outcomes.set("web-1", {
    answer: { policy: "web", wouldBeReady: undefined, dependencies: said },
  });
  await web.reconcile();
  expect(file().dependencies).toMatchObject([{ circularPods: ["10.0.0.1"] }, { name: "stock" }]);
  expect(file().dependencies[1]).not.toHaveProperty("circularPods");
  expect(web.world.following.get("web")).toStrictEqual(["web-1"]);
  expect(web.status().pods).toMatchObject({ matched: 1, injected: 1, unready: 1 });
  expect(web.status().dependencies).toMatchObject([{ name: "stock", failingPods: 1 }]);
});

test("a policy that only looks at the app's own Service lets nobody go", async () => {
  web.world.services = [OWN];
  const [dependency] = rawPolicy().spec.dependencies;
  web.cachePolicy({}, { dependencies: [{ ...dependency, impact: "Observe" }] });
  await web.reconcile();
  expect(circularPods()).toBeUndefined();
  expect(web.status().pods).toMatchObject({ summary: "1/1", optedOut: 0 });
});

test("a pod that leaves is delivered when its time has come, and asked for then", async () => {
  web.world.services = [OWN];
  await web.reconcile();
  web.pods.update({ key: "shop/web-1", old: podOf() });
  const again = await web.reconcile();
  expect(circularPods()).toStrictEqual(["10.0.0.1"]);
  expect(again).toBeLessThanOrEqual(PACE_MILLISECONDS);
  runAhead(PACE_MILLISECONDS);
  await web.reconcile();
  expect(circularPods()).toBeUndefined();
});

test("a new leader leaves the file as it is until it knows the pods", async () => {
  web.world.services = [OWN];
  await web.reconcile();
  const before = writes();
  web.world.unsynced = ["shop"];
  await web.reconcileAsNewLeader();
  expect(writes()).toBe(before);
  web.world.unsynced = [];
  await web.reconcileAsNewLeader();
  expect(circularPods()).toStrictEqual(["10.0.0.1"]);
});

test("a policy that became invalid has its pods let go all the same", async () => {
  await web.reconcile();
  web.echo();
  const before = file();
  web.cachePolicy({ generation: 4 });
  web.suppliers.push({ name: "standard", defaults: { timing: { checkTimeout: "30s" } } });
  web.resolveAgain();
  web.world.services = [OWN];
  await web.reconcile();
  const [dependency] = before.dependencies;
  const dependencies = [{ ...dependency, circularPods: ["10.0.0.1"] }];
  expect(file()).toStrictEqual({ ...before, dependencies });
  web.world.services = [];
  runAhead(PACE_MILLISECONDS);
  await web.reconcile();
  expect(file()).toStrictEqual(before);
});
