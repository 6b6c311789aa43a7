/** What a leader writes, follows and leaves when it steps down. */
import { afterEach, beforeEach, expect, jest, test } from "@jest/globals";
import { rawPolicy } from "../api/testing/policy.ts";
import { rawClusterPolicy } from "./cluster-policy/testing/cluster-policy.ts";
import { type Seen, until } from "./kube/testing/fake-api-server.ts";
import { fieldsAdded } from "./kube/testing/fields-added.ts";
import {
  type CertificateSecret,
  CLUSTER_POLICIES,
  CONFIG_MAP,
  type LedCluster,
  namespacesOf,
  openCluster,
  PODS,
  POLICIES,
  podOf,
  podsPath,
  RELEASE,
  SECRET,
  SECRETS,
  WEBHOOK,
} from "./testing/led-cluster.ts";

// Machines that run everything at once are slow; what is measured, is measured in the tests.
jest.setTimeout(30_000);

let cluster: LedCluster;
beforeEach(async () => {
  cluster = await openCluster();
});
afterEach(() => cluster.close());

function namespacesCalled(): string[] {
  return namespacesOf(cluster.patched(WEBHOOK) as Seen);
}

test("a replica that does not lead watches no pods and writes nothing", async () => {
  await until("caches are filled", cluster.caches.synced);
  expect(cluster.leader.pods()).toBeUndefined();
  expect(cluster.leader.counts().size).toBe(0);
  expect([cluster.leader.leads(), cluster.leader.queueDepth()]).toStrictEqual([false, 0]);
  expect(cluster.api.seen.filter(({ path }) => path.endsWith("/pods"))).toEqual([]);
  expect(cluster.api.seen.every(({ method }) => method === "GET")).toBe(true);
});

test("a leader fills the empty Secret, bound to what it has seen, and never writes keys elsewhere", async () => {
  const controller = new AbortController();
  const leading = cluster.leader.lead(controller.signal);
  await until("the Secret is written", () => cluster.patched(SECRET) !== undefined);
  const { body, query } = cluster.patched(SECRET) as Seen;
  expect(body).toMatchObject({ metadata: { resourceVersion: "7" } });
  expect(Object.keys((body as CertificateSecret).data ?? {}).sort()).toEqual([
    "ca.crt",
    "ca.key",
    "tls.crt",
    "tls.key",
  ]);
  expect(query.get("fieldManager")).toBe("healthpolicy-certificate");
  // Nothing to trust yet, so no webhook either.
  expect(cluster.patched(WEBHOOK)).toBeUndefined();
  controller.abort();
  await leading;
});

test("a leader makes the Secret again that somebody has deleted, as one of the same release, and fills it", async () => {
  const controller = new AbortController();
  const leading = cluster.leader.lead(controller.signal);
  await until("the Secret is written", () => cluster.patched(SECRET) !== undefined);
  const first = cluster.patched(SECRET);
  await until("the Secret is watched", () => cluster.watches.has(SECRETS));
  cluster.send(SECRETS, "DELETED", { ...cluster.world.secret, kind: "Secret" });
  await until("it is made again", () => cluster.patched(SECRET) !== first);
  const made = cluster.patched(SECRET) as Seen;
  expect(made.body).toStrictEqual({
    apiVersion: "v1",
    kind: "Secret",
    metadata: {
      name: "certificate",
      namespace: "system",
      labels: { "app.kubernetes.io/managed-by": "Helm" },
      annotations: RELEASE,
    },
  });
  // Another one than that of the data, whose next write would take the labels away.
  expect(made.query.get("fieldManager")).toBe("healthpolicy-certificate-secret");

  const again = {
    kind: "Secret",
    metadata: { ...cluster.world.secret.metadata, resourceVersion: "8" },
  };
  cluster.send(SECRETS, "ADDED", again);
  await until("it is filled", () => cluster.patched(SECRET) !== made);
  const { metadata, data } = (cluster.patched(SECRET) as Seen).body as CertificateSecret;
  expect(metadata).toEqual({ name: "certificate", namespace: "system", resourceVersion: "8" });
  expect(Object.keys(data ?? {})).toHaveLength(4);
  controller.abort();
  await leading;
});

test("with a certificate it writes the webhook configuration and the policies", async () => {
  cluster.certify();
  const controller = new AbortController();
  const leading = cluster.leader.lead(controller.signal);
  await until("the policy's status is written", () =>
    cluster.api.seen.some(({ path }) => path.endsWith("/web/status")),
  );
  await until("the webhook is written", () => cluster.patched(WEBHOOK) !== undefined);
  const caBundle = Buffer.from(cluster.certificate["ca.crt"]).toString("base64");
  expect(cluster.patched(WEBHOOK)?.body).toHaveProperty(
    "webhooks.0.clientConfig.caBundle",
    caBundle,
  );
  expect(cluster.leader.counts().get("shop/web")).toMatchObject({ matched: 0 });
  controller.abort();
  await leading;
});

test("a leader follows policies that come and go, and pods", async () => {
  cluster.certify();
  const controller = new AbortController();
  const leading = cluster.leader.lead(controller.signal);
  await until(
    "all is watched",
    () => cluster.watches.has(PODS) && cluster.patched(WEBHOOK) !== undefined,
  );
  expect(namespacesCalled()).toEqual(["shop"]);

  cluster.send(POLICIES, "ADDED", rawPolicy({ namespace: "bank", uid: "uid-of-bank" }));
  await until("the new namespace is called", () => namespacesCalled().includes("bank"));
  await until("the new policy is counted", () => cluster.leader.counts().has("bank/web"));

  await until("its pods are watched", () => cluster.watches.has(podsPath("bank")));
  cluster.send(podsPath("bank"), "ADDED", podOf("bank"));
  await until("the pod is counted", () => cluster.leader.counts().get("bank/web")?.matched === 1);

  cluster.send(POLICIES, "DELETED", rawPolicy({ namespace: "bank", uid: "uid-of-bank" }));
  await until("the namespace is called no more", () => !namespacesCalled().includes("bank"));
  await until("the policy is counted no more", () => !cluster.leader.counts().has("bank/web"));
  controller.abort();
  await leading;
});

test("a leader that steps down writes no more and forgets the pods", async () => {
  cluster.certify();
  const controller = new AbortController();
  const leading = cluster.leader.lead(controller.signal);
  const watched = [POLICIES, "/api/v1/namespaces", "/api/v1/namespaces/system/secrets", PODS];
  await until("all is watched", () => watched.every((path) => cluster.watches.has(path)));
  controller.abort();
  await leading;
  // What was sent before may still be on its way.
  await new Promise((resolve) => setTimeout(resolve, 200));
  const requests = cluster.api.seen.length;
  await new Promise((resolve) => setTimeout(resolve, 500));
  expect(cluster.api.seen).toHaveLength(requests);
  expect(cluster.leader.pods()).toBeUndefined();
  expect(cluster.leader.counts().size).toBe(0);
});

test("a leader that steps down between look and write does not write", async () => {
  cluster.certify();
  cluster.world.holds = ({ query }) => query.get("dryRun") === "All";
  const controller = new AbortController();
  const leading = cluster.leader.lead(controller.signal);
  await until("the ConfigMap is looked at", () => cluster.world.held.length > 0);
  controller.abort();
  for (const go of cluster.world.held) go();
  await leading;
  const writes = cluster.api.seen.filter(
    ({ path, query }) => path === CONFIG_MAP && !query.has("dryRun"),
  );
  expect(writes).toEqual([]);
});

test("a leader steps down at once when the API server says nothing", async () => {
  cluster.certify();
  cluster.world.holds = ({ method }) => method === "PATCH";
  const controller = new AbortController();
  const leading = cluster.leader.lead(controller.signal);
  await until("a write is under way", () => cluster.world.held.length > 0);
  controller.abort();
  const abortedAt = performance.now();
  await leading;
  // Not the 10 s that a call may take: a process that is to end waits for this.
  expect(performance.now() - abortedAt).toBeLessThan(5_000);
});

test("a cluster policy that comes is delivered to the policies that it reaches, and has its status", async () => {
  cluster.certify();
  const controller = new AbortController();
  const leading = cluster.leader.lead(controller.signal);
  await until("the policy is delivered", () => cluster.patched(CONFIG_MAP) !== undefined);
  await until("cluster policies are watched", () => cluster.watches.has(CLUSTER_POLICIES));
  const object = rawClusterPolicy({}, { defaults: { timing: { interval: "30s" } } });
  cluster.watches.get(CLUSTER_POLICIES)?.write(`${JSON.stringify({ type: "ADDED", object })}\n`);
  await until("the default is delivered", () => {
    const body = cluster.patched(CONFIG_MAP)?.body as { data?: Record<string, string> } | undefined;
    return body?.data?.["policy.json"]?.includes('"intervalMilliseconds":30000') ?? false;
  });
  const status = `${CLUSTER_POLICIES}/standard/status`;
  await until("its status is written", () => cluster.patched(status) !== undefined);
  expect(fieldsAdded(cluster.patched(status)?.body)).toHaveProperty("status.namespaces", 1);
  controller.abort();
  await leading;
});

test("pods are asked about without a policy while standards are applied", async () => {
  cluster.world.policies = [];
  cluster.certify();
  const controller = new AbortController();
  const leading = cluster.leader.lead(controller.signal);
  await until("the webhook is written", () => cluster.patched(WEBHOOK) !== undefined);
  // The proof alone.
  expect(cluster.patched(WEBHOOK)?.body).toHaveProperty("webhooks.length", 1);
  await until("cluster policies are watched", () => cluster.watches.has(CLUSTER_POLICIES));

  const standards = (enforcement: "Apply" | "Warn", generation: number) =>
    rawClusterPolicy({ generation }, { standards: { enforcement } });
  cluster.send(CLUSTER_POLICIES, "ADDED", standards("Apply", 1));
  const asked = () =>
    JSON.stringify(cluster.patched(WEBHOOK)?.body).includes("standards-0.healthpolicy.dev");
  await until("pods are asked about", asked);
  cluster.send(CLUSTER_POLICIES, "MODIFIED", standards("Warn", 2));
  await until("they are no more", () => !asked());
  controller.abort();
  await leading;
});
