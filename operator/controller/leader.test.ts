import type { ServerResponse } from "node:http";
import { afterEach, beforeEach, describe, expect, jest, test } from "@jest/globals";
import { pino } from "pino";
import { rawPolicy } from "../api/testing/policy.ts";
import { type Caches, startCaches } from "./caches.ts";
import {
  type FakeApi,
  refuse,
  reply,
  type Seen,
  startFakeApi,
  until,
} from "./kube/testing/fake-api-server.ts";
import { createLeader, type Leader } from "./leader.ts";
import { LEADER_SETTINGS } from "./testing/leader-settings.ts";

// Machines that run everything at once are slow; what is measured, is measured in the tests.
jest.setTimeout(30_000);

const log = pino({ level: "silent" });
const PODS = podsPath("shop");
const POLICIES = "/apis/healthpolicy.dev/v1alpha1/healthpolicies";
const SECRETS = "/api/v1/namespaces/system/secrets";
const SECRET = "/api/v1/namespaces/system/secrets/certificate";
const CONFIG_MAP = "/api/v1/namespaces/shop/configmaps/healthpolicy-policy-web";
const STATUS = "/apis/healthpolicy.dev/v1alpha1/namespaces/shop/healthpolicies/web/status";
const PROOF = "/api/v1/namespaces/system/configmaps/healthpolicy-webhook-proof";
const WEBHOOK = "/apis/admissionregistration.k8s.io/v1/mutatingwebhookconfigurations/healthpolicy";

function podsPath(namespace: string): string {
  return `/api/v1/namespaces/${namespace}/pods`;
}

let api: FakeApi;
let caches: Caches;
let leader: Leader;
let watches: Map<string, ServerResponse>;
/** Requests that are not answered for now. */
let holds: (seen: Seen) => boolean;
let held: (() => void)[];
/** Requests of which the server has too many. */
let refuses: (seen: Seen) => boolean;
let pods: object[];
let policies: object[];
/** Whether a replica answers the proofs. */
let proofsAnswered: boolean;
let secret: { metadata: { resourceVersion: string }; data?: Record<string, string> };

/** What each list holds; watches stay open and silent. */
function list(path: string): unknown[] {
  if (path.endsWith("/healthpolicies")) return policies;
  if (path.endsWith("/secrets")) return [secret];
  return path === PODS ? pods : [];
}

function get({ path, query }: Seen): object | undefined {
  if (path.includes("/clusterroles/")) return { metadata: { uid: "uid-of-role" } };
  return query.get("limit") === null
    ? undefined
    : { metadata: { resourceVersion: "1" }, items: list(path) };
}

/** What the API server makes of an object that is applied. */
function applied({ path, body }: Seen): unknown {
  if (path !== PROOF || !proofsAnswered) return body ?? {};
  const { metadata } = body as { metadata: { annotations: Record<string, string> } };
  const challenge = metadata.annotations["healthpolicy.dev/challenge"];
  return {
    metadata: { annotations: { "healthpolicy.dev/answered-by": `operator-1 ${challenge}` } },
  };
}

function answer(seen: Seen, response: ServerResponse): void {
  if (seen.query.has("sendInitialEvents")) {
    refuse(response, 422, "Invalid");
  } else if (refuses(seen)) {
    refuse(response, 429, "TooManyRequests");
  } else if (seen.query.get("watch") === "true") {
    response.writeHead(200).flushHeaders();
    watches.set(seen.path, response);
  } else if (seen.method === "PATCH") {
    reply(response, 200, applied(seen));
  } else {
    const found = get(seen);
    if (found) reply(response, 200, found);
    else refuse(response, 404, "NotFound");
  }
}

beforeEach(async () => {
  const metadata = { name: "certificate", namespace: "system", resourceVersion: "7" };
  secret = { metadata };
  watches = new Map();
  holds = () => false;
  held = [];
  refuses = () => false;
  pods = [];
  policies = [rawPolicy()];
  proofsAnswered = true;
  api = await startFakeApi((seen, response) => {
    if (holds(seen)) held.push(() => answer(seen, response));
    else answer(seen, response);
  });
  const { client } = api;
  caches = startCaches({ client, namespace: "system", certificateSecret: "certificate", log });
  const dnsName = "webhook.system.svc";
  leader = createLeader({ client, caches, settings: LEADER_SETTINGS, dnsName, log });
});

afterEach(async () => {
  await caches.stop();
  await api.close();
});

/** Sends an event on the watch of a collection. */
function send(path: string, type: string, object: object): void {
  watches.get(path)?.write(`${JSON.stringify({ type, object })}\n`);
}

/** The namespaces that a write of the webhook configuration lists. */
function namespacesOf({ body }: Seen): string[] {
  const { webhooks } = body as {
    webhooks: { namespaceSelector: { matchExpressions: { values: string[] }[] } }[];
  };
  return webhooks[0]?.namespaceSelector.matchExpressions[0]?.values ?? [];
}

function namespacesCalled(): string[] {
  return namespacesOf(patched(WEBHOOK) as Seen);
}

function podOf(namespace: string): object {
  const metadata = { namespace, name: "web-1", labels: { app: "web" } };
  return { metadata: { ...metadata, resourceVersion: "9" }, spec: { restartPolicy: "Always" } };
}

function patched(path: string): Seen | undefined {
  return api.seen.findLast((seen) => seen.method === "PATCH" && seen.path === path);
}

test("a replica that does not lead watches no pods and writes nothing", async () => {
  await until("caches are filled", caches.synced);
  expect(leader.pods()).toBeUndefined();
  expect(leader.counts().size).toBe(0);
  expect(api.seen.filter(({ path }) => path.endsWith("/pods"))).toEqual([]);
  expect(api.seen.every(({ method }) => method === "GET")).toBe(true);
});

test("a leader fills the empty Secret, bound to what it has seen, and never writes keys elsewhere", async () => {
  const controller = new AbortController();
  const leading = leader.lead(controller.signal);
  await until("the Secret is written", () => patched(SECRET) !== undefined);
  const { body, query } = patched(SECRET) as Seen;
  expect(body).toMatchObject({ metadata: { resourceVersion: "7" } });
  expect(Object.keys((body as typeof secret).data ?? {}).sort()).toEqual([
    "ca.crt",
    "ca.key",
    "tls.crt",
    "tls.key",
  ]);
  expect(query.get("fieldManager")).toBe("healthpolicy-certificate");
  // Nothing to trust yet, so no webhook either.
  expect(patched(WEBHOOK)).toBeUndefined();
  controller.abort();
  await leading;
});

test("a leader makes the Secret again that somebody has deleted, with nothing of the chart's in it", async () => {
  const controller = new AbortController();
  const leading = leader.lead(controller.signal);
  await until("the Secret is written", () => patched(SECRET) !== undefined);
  const first = patched(SECRET);
  await until("the Secret is watched", () => watches.has(SECRETS));
  send(SECRETS, "DELETED", { ...secret, kind: "Secret" });
  await until("it is written again", () => patched(SECRET) !== first);
  const { metadata, data } = (patched(SECRET) as Seen).body as typeof secret;
  expect(metadata).toEqual({ name: "certificate", namespace: "system" });
  expect(Object.keys(data ?? {})).toHaveLength(4);
  controller.abort();
  await leading;
});

test("with a certificate it writes the webhook configuration and the policies", async () => {
  secret.data = { "ca.crt": Buffer.from("PEM").toString("base64") };
  const controller = new AbortController();
  const leading = leader.lead(controller.signal);
  await until("the policy's status is written", () =>
    api.seen.some(({ path }) => path.endsWith("/web/status")),
  );
  await until("the webhook is written", () => patched(WEBHOOK) !== undefined);
  expect(patched(WEBHOOK)?.body).toHaveProperty("webhooks.0.clientConfig.caBundle", "UEVN");
  expect(leader.counts().get("shop/web")).toMatchObject({ matched: 0 });
  controller.abort();
  await leading;
});

test("a leader proves that API servers reach the webhook, and tells every policy when they do not", async () => {
  secret.data = { "ca.crt": Buffer.from("PEM").toString("base64") };
  const reasons = () => {
    const body = patched(STATUS)?.body as { status: { conditions: { reason: string }[] } };
    return body?.status.conditions.map(({ reason }) => reason);
  };
  const writes = () =>
    api.seen.filter(({ method, path }) => method === "PATCH" && path === WEBHOOK).length;
  expect(leader.webhookReach().state).toBe("unknown");
  const controller = new AbortController();
  const leading = leader.lead(controller.signal);
  await until("it is proven", () => leader.webhookReach().state === "reachable");
  expect(writes()).toBe(1);

  proofsAnswered = false;
  send(POLICIES, "ADDED", rawPolicy({ namespace: "bank", uid: "uid-of-bank" }));
  await until("it is proven no more", () => leader.webhookReach().state === "unreachable", 15_000);
  await until("the policy says so", () => reasons()?.includes("WebhookUnreachable") === true);
  // One write for the new namespace, and one because the configuration may have been gone.
  expect(writes()).toBe(3);

  proofsAnswered = true;
  await until("it is proven again", () => leader.webhookReach().state === "reachable", 15_000);
  await until("the policy says so", () => reasons()?.includes("WebhookUnreachable") === false);
  controller.abort();
  await leading;
  expect(leader.webhookReach().state).toBe("unknown");
});

test("a leader follows policies that come and go, and pods", async () => {
  secret.data = { "ca.crt": Buffer.from("PEM").toString("base64") };
  const controller = new AbortController();
  const leading = leader.lead(controller.signal);
  await until("all is watched", () => watches.has(PODS) && patched(WEBHOOK) !== undefined);
  expect(namespacesCalled()).toEqual(["shop"]);

  send(POLICIES, "ADDED", rawPolicy({ namespace: "bank", uid: "uid-of-bank" }));
  await until("the new namespace is called", () => namespacesCalled().includes("bank"));
  await until("the new policy is counted", () => leader.counts().has("bank/web"));

  await until("its pods are watched", () => watches.has(podsPath("bank")));
  send(podsPath("bank"), "ADDED", podOf("bank"));
  await until("the pod is counted", () => leader.counts().get("bank/web")?.matched === 1);

  send(POLICIES, "DELETED", rawPolicy({ namespace: "bank", uid: "uid-of-bank" }));
  await until("the namespace is called no more", () => !namespacesCalled().includes("bank"));
  await until("the policy is counted no more", () => !leader.counts().has("bank/web"));
  controller.abort();
  await leading;
});

test("a namespace whose only policy was renamed unnoticed is called all the while", async () => {
  secret.data = { "ca.crt": Buffer.from("PEM").toString("base64") };
  const controller = new AbortController();
  const leading = leader.lead(controller.signal);
  await until("the webhook is written", () => patched(WEBHOOK) !== undefined);
  await until("policies are watched", () => watches.has(POLICIES));
  policies = [rawPolicy({ name: "shop", uid: "uid-of-shop" })];
  watches.get(POLICIES)?.write("no json\n");
  await until("the new policy is known", () => caches.policies.get("shop/shop") !== undefined);
  await until("it is delivered", () => leader.counts().has("shop/shop"));
  // Longer than changes are waited for.
  await new Promise((resolve) => setTimeout(resolve, 600));
  const writes = api.seen.filter(({ method, path }) => method === "PATCH" && path === WEBHOOK);
  expect(new Set(writes.map((write) => namespacesOf(write).join()))).toEqual(new Set(["shop"]));
  controller.abort();
  await leading;
});

test("a leader that steps down writes no more and forgets the pods", async () => {
  secret.data = { "ca.crt": Buffer.from("PEM").toString("base64") };
  const controller = new AbortController();
  const leading = leader.lead(controller.signal);
  const watched = [POLICIES, "/api/v1/namespaces", "/api/v1/namespaces/system/secrets", PODS];
  await until("all is watched", () => watched.every((path) => watches.has(path)));
  controller.abort();
  await leading;
  // What was sent before may still be on its way.
  await new Promise((resolve) => setTimeout(resolve, 200));
  const requests = api.seen.length;
  await new Promise((resolve) => setTimeout(resolve, 500));
  expect(api.seen).toHaveLength(requests);
  expect(leader.pods()).toBeUndefined();
  expect(leader.counts().size).toBe(0);
});

test("a new leader says nothing about pods before it has seen all of them", async () => {
  secret.data = { "ca.crt": Buffer.from("PEM").toString("base64") };
  pods = [podOf("shop")];
  // Nor does the proof of the webhook come, after which every policy is worked on again.
  const isProof = (path: string) => path.startsWith("/api/v1/namespaces/system/configmaps/");
  holds = ({ path, query }) => isProof(path) || (path === PODS && query.get("limit") !== null);
  const controller = new AbortController();
  const leading = leader.lead(controller.signal);
  // It does not wait with the delivery.
  await until("the policy is delivered", () => patched(CONFIG_MAP) !== undefined);
  await until("all is watched but pods", () => patched(WEBHOOK) !== undefined && held.length > 0);
  await new Promise((resolve) => setTimeout(resolve, 500));
  expect(patched(STATUS)).toBeUndefined();
  for (const go of held) go();
  await until("the status is written", () => patched(STATUS) !== undefined);
  expect(patched(STATUS)?.body).toHaveProperty("status.pods.matched", 1);
  controller.abort();
  await leading;
});

test("a leader that steps down between look and write does not write", async () => {
  secret.data = { "ca.crt": Buffer.from("PEM").toString("base64") };
  holds = ({ query }) => query.get("dryRun") === "All";
  const controller = new AbortController();
  const leading = leader.lead(controller.signal);
  await until("the ConfigMap is looked at", () => held.length > 0);
  controller.abort();
  for (const go of held) go();
  await leading;
  const writes = api.seen.filter(({ path, query }) => path === CONFIG_MAP && !query.has("dryRun"));
  expect(writes).toEqual([]);
});

test("a leader steps down at once when the API server says nothing", async () => {
  secret.data = { "ca.crt": Buffer.from("PEM").toString("base64") };
  holds = ({ method }) => method === "PATCH";
  const controller = new AbortController();
  const leading = leader.lead(controller.signal);
  await until("a write is under way", () => held.length > 0);
  controller.abort();
  const abortedAt = performance.now();
  await leading;
  // Not the 10 s that a call may take: a process that is to end waits for this.
  expect(performance.now() - abortedAt).toBeLessThan(5_000);
});

describe("a new leader whose watches have been silent", () => {
  beforeEach(async () => {
    secret.data = { "ca.crt": Buffer.from("PEM").toString("base64") };
    await until("all is watched", () => caches.synced() && watches.size === 3);
    // What the last leader has delivered meanwhile, and no event told.
    policies = [rawPolicy({ generation: 4 }), rawPolicy({ namespace: "bank", uid: "uid-of-bank" })];
  });

  test("writes nothing that is older than its Lease", async () => {
    const controller = new AbortController();
    const leading = leader.lead(controller.signal);
    await until("the webhook is written", () => patched(WEBHOOK) !== undefined);
    await until(
      "the policy is delivered",
      () => patched(CONFIG_MAP)?.query.has("dryRun") === false,
    );
    controller.abort();
    await leading;
    const writes = (path: string) =>
      api.seen.filter((seen) => seen.path === path && seen.method === "PATCH");
    const generations = writes(CONFIG_MAP)
      .map(({ body }) => (body as { data?: Record<string, string> }).data?.["policy.json"])
      .flatMap((file) => (file === undefined ? [] : JSON.parse(file).generation));
    expect(generations).toEqual([4]);
    expect(writes(WEBHOOK)).toHaveLength(1);
    expect(namespacesCalled().sort()).toEqual(["bank", "shop"]);
  });

  test("leads no more when it cannot read anew, and has written nothing", async () => {
    refuses = ({ path, query }) => path === POLICIES && query.get("limit") !== null;
    await expect(leader.lead(new AbortController().signal)).rejects.toThrow("429");
    expect(api.seen.every(({ method }) => method === "GET")).toBe(true);
    expect(leader.pods()).toBeUndefined();
  });

  test("steps down at once while it reads anew", async () => {
    holds = ({ path, query }) => path === POLICIES && query.get("limit") !== null;
    const controller = new AbortController();
    const leading = leader.lead(controller.signal);
    await until("it reads", () => held.length > 0);
    controller.abort();
    const abortedAt = performance.now();
    await leading;
    expect(performance.now() - abortedAt).toBeLessThan(5_000);
    expect(api.seen.every(({ method }) => method === "GET")).toBe(true);
  });
});
