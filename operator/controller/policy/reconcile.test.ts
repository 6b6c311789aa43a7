/** What the leader writes for one policy, and when it wants to be called again. */
import { afterEach, beforeEach, describe, expect, jest, test } from "@jest/globals";
import { rawPolicy, testPolicy } from "../../api/testing/policy.ts";
import type { HealthPolicyStatus } from "../../api/v1alpha1-status.ts";
import { fieldsAdded } from "../kube/testing/fields-added.ts";
import { podOf } from "../pods/testing/pod-of.ts";
import { type PolicyRecord, projectPolicy } from "./policy-cache.ts";
import {
  CONFIG_MAP,
  openPolicy,
  type ReconciledPolicy,
  STATUS,
} from "./testing/reconciled-policy.ts";

// Machines that run everything at once are slow; what is measured, is measured in the tests.
jest.setTimeout(30_000);

let web: ReconciledPolicy;
beforeEach(async () => {
  web = await openPolicy();
});
afterEach(() => web.close());

test("writes ConfigMap and status, each under its own field manager", async () => {
  await web.reconcile();
  expect(web.api.writes().map(({ path, query }) => [path, query.get("fieldManager")])).toEqual([
    [CONFIG_MAP, "healthpolicy-configmap"],
    [STATUS, "healthpolicy-status"],
  ]);
  expect(web.programmed()).toBe("True Programmed: A pod created now gets the sidecar.");
  expect(web.status().pods).toMatchObject({ matched: 1, injected: 1, summary: "1/1" });
  expect(web.counts().get("shop/web")).toMatchObject({ matched: 1 });
  expect(web.api.writes()[1]?.body).toContainEqual({
    op: "test",
    path: "/metadata/uid",
    value: testPolicy().uid,
  });
});

test("the second time nothing is written", async () => {
  await web.reconcile();
  const writes = web.api.writes().length;
  await web.reconcile();
  web.echo();
  await web.reconcile();
  expect(web.api.writes()).toHaveLength(writes);
});

test("a status that somebody changes right after our write is looked at again within 5 s", async () => {
  await web.reconcile();
  const record = web.policies.get("shop/web") as PolicyRecord;
  web.putRecord({ ...record, status: { observedGeneration: -1 } });
  expect(await web.reconcile()).toBeLessThanOrEqual(5_000);
  web.echo();
  expect(await web.reconcile()).toBeGreaterThan(60_000);
  expect(web.statusWrites()).toBe(1);
});

test("a new leader that finds all as it should be leaves the status alone", async () => {
  await web.reconcile();
  web.echo();
  await web.reconcileAsNewLeader();
  expect(web.statusWrites()).toBe(1);
});

test("a change of pods is written, with the times of the conditions kept", async () => {
  await web.reconcile();
  const before = web.status();
  const { sidecar: _, ...bare } = podOf({ name: "web-2" });
  web.pods.update({ key: "shop/web-2", now: bare });
  await web.reconcile();
  expect(web.status().pods?.summary).toBe("1/2");
  const time = (all: HealthPolicyStatus, type: string) =>
    all.conditions?.find((condition) => condition.type === type)?.lastTransitionTime;
  expect(time(web.status(), "Accepted")).toBe(time(before, "Accepted"));
});

describe("until the pods of its namespace are known", () => {
  beforeEach(() => {
    web.world.unsynced = ["shop"];
  });

  test("a policy is delivered, and its status left alone", async () => {
    await web.reconcile();
    expect(web.api.writes().map(({ path }) => path)).toEqual([CONFIG_MAP]);
    expect(web.counts().size).toBe(0);
    web.world.unsynced = [];
    await web.reconcile();
    expect(web.status().pods?.summary).toBe("1/1");
  });

  test("an invalid policy is told so: it has no pods to wait for", async () => {
    web.cachePolicy({ generation: 4 }, { timing: { checkTimeout: "30s" } });
    await web.reconcile();
    expect(web.status().conditions?.[0]).toMatchObject({ type: "Accepted", status: "False" });
  });
});

test("until the operator's own pods are known, nothing is said about its replicas", async () => {
  web.world.unsynced = ["system"];
  await web.reconcile();
  expect(web.programmed()).toBe(
    "False Reconciling: The replicas of the operator are being looked for.",
  );
});

test("it wants to be called when the ConfigMap is due again, and not only then", async () => {
  const first = await web.reconcile();
  // Drawn from the middle of 5 to 10 minutes.
  expect(first).toBe(450_000);
  web.echo();
  const second = await web.reconcile();
  expect(second).toBeLessThan(450_000);
  expect(second).toBeGreaterThan(440_000);
});

test("counts that changed again at once wait for their turn, a condition does not", async () => {
  await web.reconcile();
  web.echo();
  const unready = podOf();
  const sidecar = { policy: "web", revision: unready.sidecar?.revision ?? "", ready: false };
  web.pods.update({ key: "shop/web-1", now: { ...unready, sidecar } });
  const wait = await web.reconcile();
  expect(wait).toBeGreaterThan(3_000);
  expect(wait).toBeLessThanOrEqual(5_000);
  expect(web.statusWrites()).toBe(1);
  // The metric does not wait.
  expect(web.counts().get("shop/web")).toMatchObject({ unready: 1 });
  web.cachePolicy({ generation: 4 });
  web.world.known = { generation: 4, uid: testPolicy().uid };
  await web.reconcile();
  expect(web.status()).toMatchObject({ observedGeneration: 4, pods: { unready: 1 } });
});

test("a policy that became invalid keeps its last ConfigMap", async () => {
  await web.reconcile();
  web.cachePolicy({ generation: 4 }, { timing: { checkTimeout: "30s" } });
  await web.reconcile();
  const writes = web.api.writes().filter(({ path }) => path === CONFIG_MAP);
  expect(writes).toHaveLength(1);
  expect(web.status().conditions?.find(({ type }) => type === "Stalled")?.status).toBe("True");
});

test("a pod that a host of the policy leads to is not its own, and the policy is told so", async () => {
  web.world.services = [
    { namespace: "shop", name: "orders-db", selector: { app: "web" }, headless: false },
  ];
  const { sidecar: _, ...bare } = podOf();
  web.pods.update({ key: "shop/web-1", old: podOf(), now: bare });
  await web.reconcile();
  expect(web.status().conditions?.[0]).toMatchObject({
    type: "Accepted",
    status: "False",
    reason: "CircularDependency",
  });
  expect(web.status().pods).toMatchObject({ matched: 0, optedOut: 1 });
});

test("a namespace that is opted out has its pods without the sidecar counted as opted out: no restart helps", async () => {
  const { sidecar: _, ...bare } = podOf({ name: "web-2" });
  web.pods.update({ key: "shop/web-2", now: bare });
  await web.reconcile();
  expect(web.status().pods).toMatchObject({ matched: 2, injected: 1, optedOut: 0 });
  web.world.optedOut = true;
  await web.reconcile();
  expect(web.status().pods).toMatchObject({ matched: 1, injected: 1, outdated: 0, optedOut: 1 });
  const current = web.status().conditions?.find(({ type }) => type === "PodsCurrent");
  expect(current).toMatchObject({ status: "True", reason: "PodsCurrent" });
});

test("a namespace whose pods are never injected has all of them counted as opted out", async () => {
  const { sidecar: _, ...bare } = podOf({ namespace: "kube-system" });
  web.pods.update({ key: "kube-system/web-1", now: bare });
  web.putRecord(projectPolicy(rawPolicy({ namespace: "kube-system" })) as PolicyRecord);
  await web.reconcile("kube-system");
  expect(fieldsAdded(web.api.writes()[0]?.body)).toMatchObject({
    status: { pods: { optedOut: 1, matched: 0 } },
  });
  expect(web.counts().get("kube-system/web")).toMatchObject({ matched: 0, optedOut: 1 });
});

test("a policy that is gone is forgotten", async () => {
  await web.reconcile();
  web.policies.clear();
  expect(await web.reconcile()).toBeUndefined();
  expect(web.counts().size).toBe(0);
  // One of the same name, uid and content is written like any new one.
  const writes = web.api.writes().length;
  web.cachePolicy();
  await web.reconcile();
  expect(web.api.writes()).toHaveLength(writes + 2);
});

test("without a certificate no replica can be asked, and so none counts as ready", async () => {
  web.world.withCertificate = false;
  await web.reconcile();
  expect(web.programmed()).toBe("False Reconciling: No replica of the operator is ready.");
});

test("an object that is not found, though the policy stands, is an error", async () => {
  web.api.failure = { code: 404, reason: "NotFound" };
  await expect(web.reconcile()).rejects.toThrow("404");
});

test("a write that met another object than was read is made anew soon", async () => {
  web.api.failure = { code: 409, reason: "Conflict" };
  const again = await web.reconcile();
  expect(again).toBeGreaterThan(0);
  expect(again).toBeLessThan(1_000);
});

test("a status that is refused, though the policy stands, is an error", async () => {
  web.api.failure = { code: 422, reason: "Invalid", to: ({ path }) => path === STATUS };
  await expect(web.reconcile()).rejects.toThrow("422");
});

test("an error of the API server reaches the queue", async () => {
  web.api.failure = { code: 500, reason: "InternalError" };
  await expect(web.reconcile()).rejects.toThrow("500 InternalError");
});

test.each([
  [404, "NotFound"],
  [409, "Conflict"],
  [422, "Invalid"],
])("a policy that was replaced while we worked is no error: %i", async (code, reason) => {
  const record = web.policies.get("shop/web") as PolicyRecord;
  let calls = 0;
  web.policies.get = () => {
    calls += 1;
    return calls === 1 ? record : undefined;
  };
  web.api.failure = { code, reason, to: ({ path }) => path === STATUS };
  expect(await web.reconcile()).toBeUndefined();
});

describe("defaults of the cluster that do not nest with the policy", () => {
  const file = () => {
    const { data } = web.api.objects.get(CONFIG_MAP) as unknown as { data: Record<string, string> };
    return JSON.parse(data["policy.json"] ?? "");
  };
  const accepted = () => web.status().conditions?.find(({ type }) => type === "Accepted");

  beforeEach(async () => {
    web.suppliers.push({ name: "standard", defaults: { timing: { interval: "20s" } } });
    web.resolveAgain();
    await web.reconcile();
    web.echo();
    web.suppliers.unshift({ name: "older", defaults: { probe: { timeoutSeconds: 3 } } });
    web.resolveAgain();
    await web.reconcile();
  });

  test("leave its ConfigMap as it is, and the status says which two and what is in force", async () => {
    expect(file().timing.intervalMilliseconds).toBe(20_000);
    expect(web.api.writes().filter(({ path }) => path === CONFIG_MAP)).toHaveLength(1);
    expect(accepted()).toMatchObject({
      status: "False",
      reason: "Invalid",
      message:
        "timing: checkTimeout (4s, the built-in default) must be less than probe.timeoutSeconds (3 of ClusterHealthPolicy older)",
    });
    expect(web.status().effective).toMatchObject({
      timing: { interval: { value: "20s", source: "ClusterHealthPolicy/standard" } },
      probe: { timeoutSeconds: { value: 5, source: "built-in" } },
    });
    expect(web.status().pods).toMatchObject({ matched: 1, injected: 1, outdated: 0 });
  });

  test("leave no new pod without a policy file: one that was deleted is made again", async () => {
    web.echo();
    web.api.objects.delete(CONFIG_MAP);
    await web.reconcileAsNewLeader();
    expect(file().timing).toMatchObject({
      checkTimeoutMilliseconds: 4_000,
      intervalMilliseconds: 20_000,
    });
    expect(accepted()).toMatchObject({ status: "False" });
  });

  test("are the same for a new leader, which reads from the status what is in force", async () => {
    web.echo();
    const before = web.status();
    await web.reconcileAsNewLeader();
    expect(web.status()).toStrictEqual(before);
    expect(web.api.writes().filter(({ path }) => path === CONFIG_MAP)).toHaveLength(1);
  });

  test("are over when they are gone", async () => {
    web.echo();
    web.suppliers.shift();
    web.resolveAgain();
    await web.reconcile();
    expect(accepted()).toMatchObject({ status: "True" });
    expect(web.programmed()).toContain("True Programmed");
    expect(web.status().effective?.probe?.timeoutSeconds?.value).toBe(5);
  });
});

test("tells which version of the ConfigMap pods follow from now on, once, and not again as a new leader", async () => {
  await web.reconcile();
  await web.reconcile();
  await web.reconcileAsNewLeader();
  const version = web.api.objects.get(CONFIG_MAP)?.metadata.resourceVersion;
  expect(web.world.changedTo).toStrictEqual([version]);
});
