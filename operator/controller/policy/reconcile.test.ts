import https from "node:https";
import type { AddressInfo } from "node:net";
import { afterEach, beforeAll, beforeEach, describe, expect, jest, test } from "@jest/globals";
import { rawPolicy, testPolicy } from "../../api/testing/policy.ts";
import type { HealthPolicyStatus } from "../../api/v1alpha1-status.ts";
import type { Caches } from "../caches.ts";
import type { CertificateData } from "../certificate/certificate-plan.ts";
import { carryOut } from "../certificate/certificates.ts";
import { type FakeObjects, startFakeObjects } from "../kube/testing/fake-objects.ts";
import type { Reach } from "../webhook-configuration/webhook-proof.ts";
import { createConfigMapWriter } from "./apply-configmap.ts";
import { createPodIndex, type PodIndex } from "./pods.ts";
import { createPolicyIndex, type PolicyRecord, projectPolicy } from "./policy-cache.ts";
import { createReconciler, type Reconciler } from "./reconcile.ts";
import { podOf } from "./testing/records.ts";

// Machines that run everything at once are slow; what is measured, is measured in the tests.
jest.setTimeout(30_000);

const NAME = "webhook.system.svc";
const STATUS = "/apis/healthpolicy.dev/v1alpha1/namespaces/shop/healthpolicies/web/status";
const CONFIG_MAP = "/api/v1/namespaces/shop/configmaps/healthpolicy-policy-web";

let certificate: CertificateData;
let api: FakeObjects;
let replica: https.Server;
/** What the replica says it knows. */
let known: { generation: number; uid: string };
let policies: Map<string, PolicyRecord>;
let index: ReturnType<typeof createPolicyIndex>;
let pods: PodIndex;
let reachedFor: number | undefined;
let webhookReach: Reach;
let optedOut: boolean;
let withCertificate: boolean;
/** Namespaces whose pods are not known yet. */
let unsynced: string[];
let reconciler: Reconciler;

/** A stand-in for what the watches hold. */
function caches(): Caches {
  return {
    policies: { get: (key: string) => policies.get(key) },
    index,
    certificate: () => (withCertificate ? { resourceVersion: "1", data: certificate } : undefined),
    namespaceOptedOut: () => optedOut,
  } as unknown as Caches;
}

function newReconciler(): Reconciler {
  return createReconciler({
    client: api.client,
    caches: caches(),
    pods: { pods: pods.pods, synced: (namespace) => !unsynced.includes(namespace) },
    configMaps: createConfigMapWriter(api.client, () => 0.5),
    webhook: { reachedFor: () => reachedFor },
    webhookReach: () => webhookReach,
    podName: "operator-1",
    namespace: "system",
    webhookPort: (replica.address() as AddressInfo).port,
    dnsName: NAME,
  });
}

/** Gives the caches a policy, and what has been written of its status. */
function cachePolicy(metadata: object = {}, spec: object = {}): void {
  const record = projectPolicy(rawPolicy(metadata, spec)) as PolicyRecord;
  const old = policies.get("shop/web");
  policies.set("shop/web", { ...record, status: old?.status });
  index.update({ key: "shop/web", ...(old && { old }), now: record });
}

/** What our own watch does with the status that was written. */
function echo(): void {
  const record = policies.get("shop/web") as PolicyRecord;
  policies.set("shop/web", { ...record, status: status() });
}

function status(): HealthPolicyStatus {
  return api.objects.get(STATUS)?.status as HealthPolicyStatus;
}

function programmed(): string {
  const found = status().conditions?.find(({ type }) => type === "Programmed");
  return `${found?.status} ${found?.reason}: ${found?.message}`;
}

function statusWrites(): number {
  return api.writes().filter(({ path }) => path === STATUS).length;
}

beforeAll(async () => {
  certificate = await carryOut("create", { data: {}, dnsName: NAME, now: Date.now() });
});

beforeEach(async () => {
  api = await startFakeObjects();
  known = { generation: 3, uid: testPolicy().uid };
  policies = new Map();
  index = createPolicyIndex();
  pods = createPodIndex();
  reachedFor = 5_000;
  webhookReach = { state: "reachable" };
  optedOut = false;
  withCertificate = true;
  unsynced = [];
  replica = https.createServer(
    { key: certificate["tls.key"], cert: certificate["tls.crt"] },
    (_, response) => response.end(JSON.stringify(known)),
  );
  const { promise, resolve } = Promise.withResolvers<void>();
  replica.listen(0, "127.0.0.1", resolve);
  await promise;
  const labels = { "app.kubernetes.io/component": "operator" };
  const operator = podOf({ namespace: "system", name: "operator-1", ip: "127.0.0.1", labels });
  pods.update({ key: "system/operator-1", now: operator });
  pods.update({ key: "shop/web-1", now: podOf() });
  cachePolicy();
  reconciler = newReconciler();
});

afterEach(async () => {
  replica.closeAllConnections();
  replica.close();
  await api.close();
});

test("writes ConfigMap and status, each under its own field manager", async () => {
  await reconciler.reconcile({ namespace: "shop", name: "web" });
  expect(api.writes().map(({ path, query }) => [path, query.get("fieldManager")])).toEqual([
    [CONFIG_MAP, "healthpolicy-configmap"],
    [STATUS, "healthpolicy-status"],
  ]);
  expect(programmed()).toBe("True Programmed: A pod created now gets the sidecar.");
  expect(status().pods).toMatchObject({ matched: 1, injected: 1, summary: "1/1" });
  expect(reconciler.counts().get("shop/web")).toMatchObject({ matched: 1 });
  expect(api.writes()[1]?.body).toHaveProperty("metadata.uid", testPolicy().uid);
});

test("the second time nothing is written", async () => {
  await reconciler.reconcile({ namespace: "shop", name: "web" });
  const writes = api.writes().length;
  await reconciler.reconcile({ namespace: "shop", name: "web" });
  echo();
  await reconciler.reconcile({ namespace: "shop", name: "web" });
  expect(api.writes()).toHaveLength(writes);
});

test("a new leader that finds all as it should be leaves the status alone", async () => {
  await reconciler.reconcile({ namespace: "shop", name: "web" });
  echo();
  await newReconciler().reconcile({ namespace: "shop", name: "web" });
  expect(statusWrites()).toBe(1);
});

test("a change of pods is written, with the times of the conditions kept", async () => {
  await reconciler.reconcile({ namespace: "shop", name: "web" });
  const before = status();
  const { sidecar: _, ...bare } = podOf({ name: "web-2" });
  pods.update({ key: "shop/web-2", now: bare });
  await reconciler.reconcile({ namespace: "shop", name: "web" });
  expect(status().pods?.summary).toBe("1/2");
  const time = (all: HealthPolicyStatus, type: string) =>
    all.conditions?.find((condition) => condition.type === type)?.lastTransitionTime;
  expect(time(status(), "Accepted")).toBe(time(before, "Accepted"));
});

describe("until the pods of its namespace are known", () => {
  beforeEach(() => {
    unsynced = ["shop"];
  });

  test("a policy is delivered, and its status left alone", async () => {
    await reconciler.reconcile({ namespace: "shop", name: "web" });
    expect(api.writes().map(({ path }) => path)).toEqual([CONFIG_MAP]);
    expect(reconciler.counts().size).toBe(0);
    unsynced = [];
    await reconciler.reconcile({ namespace: "shop", name: "web" });
    expect(status().pods?.summary).toBe("1/1");
  });

  test("an invalid policy is told so: it has no pods to wait for", async () => {
    cachePolicy({ generation: 4 }, { timing: { checkTimeout: "30s" } });
    await reconciler.reconcile({ namespace: "shop", name: "web" });
    expect(status().conditions?.[0]).toMatchObject({ type: "Accepted", status: "False" });
  });
});

test("until the operator's own pods are known, nothing is said about its replicas", async () => {
  unsynced = ["system"];
  await reconciler.reconcile({ namespace: "shop", name: "web" });
  expect(programmed()).toBe(
    "False Reconciling: The replicas of the operator are being looked for.",
  );
});

test("it wants to be called when the ConfigMap is due again, and not only then", async () => {
  const first = await reconciler.reconcile({ namespace: "shop", name: "web" });
  // Drawn from the middle of 5 to 10 minutes.
  expect(first).toBe(450_000);
  const second = await reconciler.reconcile({ namespace: "shop", name: "web" });
  expect(second).toBeLessThan(450_000);
  expect(second).toBeGreaterThan(440_000);
});

test("counts that changed again at once wait for their turn, a condition does not", async () => {
  await reconciler.reconcile({ namespace: "shop", name: "web" });
  echo();
  const unready = podOf();
  const sidecar = { policy: "web", revision: unready.sidecar?.revision ?? "", ready: false };
  pods.update({ key: "shop/web-1", now: { ...unready, sidecar } });
  const wait = await reconciler.reconcile({ namespace: "shop", name: "web" });
  expect(wait).toBeGreaterThan(3_000);
  expect(wait).toBeLessThanOrEqual(5_000);
  expect(statusWrites()).toBe(1);
  // The metric does not wait.
  expect(reconciler.counts().get("shop/web")).toMatchObject({ unready: 1 });
  cachePolicy({ generation: 4 });
  known = { generation: 4, uid: testPolicy().uid };
  await reconciler.reconcile({ namespace: "shop", name: "web" });
  expect(status()).toMatchObject({ observedGeneration: 4, pods: { unready: 1 } });
});

describe("Programmed", () => {
  test("waits until the configuration reaches the namespace, and a second more", async () => {
    reachedFor = undefined;
    expect(await reconciler.reconcile({ namespace: "shop", name: "web" })).toBeLessThan(1_000);
    expect(programmed()).toBe(
      "False Reconciling: The webhook configuration is on its way to the API servers.",
    );
    reachedFor = 900;
    await reconciler.reconcile({ namespace: "shop", name: "web" });
    expect(programmed()).toContain("False Reconciling");
    reachedFor = 1_100;
    expect(await reconciler.reconcile({ namespace: "shop", name: "web" })).toBeGreaterThan(400_000);
    expect(programmed()).toContain("True Programmed");
  });

  test.each([
    ["an older generation", { generation: 2, uid: testPolicy().uid }],
    ["a deleted policy of that name", { generation: 3, uid: "other" }],
  ])("waits for a ready replica that knows %s, and names it", async (_what, knows) => {
    known = knows;
    expect(await reconciler.reconcile({ namespace: "shop", name: "web" })).toBeLessThan(1_000);
    expect(programmed()).toBe(
      "False Reconciling: Waiting for replicas of the operator to know the policy: operator-1.",
    );
    known = { generation: 3, uid: testPolicy().uid };
    await reconciler.reconcile({ namespace: "shop", name: "web" });
    expect(programmed()).toContain("True");
  });

  test("waits for every ready replica, and for no other", async () => {
    const labels = { "app.kubernetes.io/component": "operator" };
    const second = podOf({ namespace: "system", name: "operator-2", ip: "127.0.0.2", labels });
    replica.close();
    replica.closeAllConnections();
    pods.update({ key: "system/operator-2", now: { ...second, ready: true } });
    await reconciler.reconcile({ namespace: "shop", name: "web" });
    expect(programmed()).toContain("operator-1, operator-2");
  });

  test("without a ready replica it is not true", async () => {
    const operator = podOf({ namespace: "system", name: "operator-1", ready: false });
    pods.update({ key: "system/operator-1", now: operator });
    await reconciler.reconcile({ namespace: "shop", name: "web" });
    expect(programmed()).toBe("False Reconciling: No replica of the operator is ready.");
  });

  test("once true, it stays so for its generation when a replica goes", async () => {
    await reconciler.reconcile({ namespace: "shop", name: "web" });
    known = { generation: 0, uid: "" };
    reachedFor = undefined;
    await reconciler.reconcile({ namespace: "shop", name: "web" });
    expect(programmed()).toContain("True");
    cachePolicy({ generation: 4 });
    await reconciler.reconcile({ namespace: "shop", name: "web" });
    expect(programmed()).toContain("False Reconciling");
    expect(status().observedGeneration).toBe(4);
  });

  test("is not true before the webhook has been proven", async () => {
    const message = "The webhook has not been tried yet.";
    webhookReach = { state: "unknown", message };
    expect(await reconciler.reconcile({ namespace: "shop", name: "web" })).toBeGreaterThan(400_000);
    expect(programmed()).toBe(`False Reconciling: ${message}`);
    webhookReach = { state: "reachable" };
    await reconciler.reconcile({ namespace: "shop", name: "web" });
    expect(programmed()).toContain("True Programmed");
  });

  test("follows the webhook: unreachable, and back", async () => {
    await reconciler.reconcile({ namespace: "shop", name: "web" });
    webhookReach = { state: "unreachable", message: "Look at the firewall." };
    expect(await reconciler.reconcile({ namespace: "shop", name: "web" })).toBeGreaterThan(400_000);
    expect(programmed()).toBe("False WebhookUnreachable: Look at the firewall.");
    webhookReach = { state: "reachable" };
    await reconciler.reconcile({ namespace: "shop", name: "web" });
    expect(programmed()).toContain("True Programmed");
  });

  test("once true, it stays so while the webhook cannot be proven, as in a new leader", async () => {
    await reconciler.reconcile({ namespace: "shop", name: "web" });
    echo();
    webhookReach = { state: "unknown", message: "The webhook has not been tried yet." };
    await newReconciler().reconcile({ namespace: "shop", name: "web" });
    expect(programmed()).toContain("True Programmed");
    expect(statusWrites()).toBe(1);
  });

  test("does not hold a policy back from its running pods while the webhook is unreachable", async () => {
    webhookReach = { state: "unreachable", message: "Look at the firewall." };
    await reconciler.reconcile({ namespace: "shop", name: "web" });
    expect(api.writes().map(({ path }) => path)).toEqual([CONFIG_MAP, STATUS]);
  });

  test("is never true in a namespace that is opted out, but edits go on reaching its running pods", async () => {
    await reconciler.reconcile({ namespace: "shop", name: "web" });
    optedOut = true;
    cachePolicy({ generation: 4 });
    await reconciler.reconcile({ namespace: "shop", name: "web" });
    expect(programmed()).toContain("False NamespaceExcluded");
    const data = api.objects.get(CONFIG_MAP)?.data as Record<string, string>;
    expect(JSON.parse(data["policy.json"] ?? "")).toMatchObject({ generation: 4 });
  });

  test("is never true in a namespace whose pods are never injected, and nothing is written there", async () => {
    const record = projectPolicy(rawPolicy({ namespace: "kube-system" })) as PolicyRecord;
    policies.set("kube-system/web", record);
    await reconciler.reconcile({ namespace: "kube-system", name: "web" });
    expect(api.writes().map(({ path }) => path)).toEqual([STATUS.replace("shop", "kube-system")]);
    expect(api.writes()[0]?.body).toHaveProperty("status.conditions.1.reason", "NamespaceExcluded");
  });

  test("tells of a ConfigMap that is not ours, and leaves it alone", async () => {
    const foreign = { metadata: { uid: "f", resourceVersion: "5" }, data: { a: "b" } };
    api.objects.set(CONFIG_MAP, foreign);
    expect(await reconciler.reconcile({ namespace: "shop", name: "web" })).toBeLessThan(60_000);
    expect(programmed()).toContain("False ConfigMapNotOurs");
    expect(api.objects.get(CONFIG_MAP)).toBe(foreign);
  });

  test("waits, once the ConfigMap is ours again, until replicas can have seen that in the status", async () => {
    const foreign = { metadata: { uid: "f", resourceVersion: "5" }, data: { a: "b" } };
    api.objects.set(CONFIG_MAP, foreign);
    await reconciler.reconcile({ namespace: "shop", name: "web" });
    api.objects.delete(CONFIG_MAP);
    await reconciler.reconcile({ namespace: "shop", name: "web" });
    expect(programmed()).toContain("False Reconciling");
    await reconciler.reconcile({ namespace: "shop", name: "web" });
    expect(programmed()).toContain("True Programmed");
  });
});

test("a policy that became invalid keeps its last ConfigMap", async () => {
  await reconciler.reconcile({ namespace: "shop", name: "web" });
  cachePolicy({ generation: 4 }, { timing: { checkTimeout: "30s" } });
  await reconciler.reconcile({ namespace: "shop", name: "web" });
  const writes = api.writes().filter(({ path }) => path === CONFIG_MAP);
  expect(writes).toHaveLength(1);
  expect(status().conditions?.find(({ type }) => type === "Stalled")?.status).toBe("True");
});

test("a policy that is gone is forgotten", async () => {
  await reconciler.reconcile({ namespace: "shop", name: "web" });
  policies.clear();
  expect(await reconciler.reconcile({ namespace: "shop", name: "web" })).toBeUndefined();
  expect(reconciler.counts().size).toBe(0);
  // One of the same name, uid and content is written like any new one.
  const writes = api.writes().length;
  cachePolicy();
  await reconciler.reconcile({ namespace: "shop", name: "web" });
  expect(api.writes()).toHaveLength(writes + 2);
});

test("without a certificate no replica can be asked, and so none counts as ready", async () => {
  withCertificate = false;
  await reconciler.reconcile({ namespace: "shop", name: "web" });
  expect(programmed()).toBe("False Reconciling: No replica of the operator is ready.");
});

test("an object that is not found, though the policy stands, is an error", async () => {
  api.failure = { code: 404, reason: "NotFound" };
  await expect(reconciler.reconcile({ namespace: "shop", name: "web" })).rejects.toThrow("404");
});

test("a write that met another object than was read is made anew soon", async () => {
  api.failure = { code: 409, reason: "Conflict" };
  const again = await reconciler.reconcile({ namespace: "shop", name: "web" });
  expect(again).toBeGreaterThan(0);
  expect(again).toBeLessThan(1_000);
});

test("an error of the API server reaches the queue", async () => {
  api.failure = { code: 500, reason: "InternalError" };
  await expect(reconciler.reconcile({ namespace: "shop", name: "web" })).rejects.toThrow(
    "500 InternalError",
  );
});

test("a policy that was replaced while we worked is no error", async () => {
  const record = policies.get("shop/web") as PolicyRecord;
  let calls = 0;
  policies.get = () => {
    calls += 1;
    return calls === 1 ? record : undefined;
  };
  api.failure = { code: 404, reason: "NotFound" };
  expect(await reconciler.reconcile({ namespace: "shop", name: "web" })).toBeUndefined();
});
