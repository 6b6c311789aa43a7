/** The webhook over real TLS, as an API server calls it. */

import { Agent } from "node:https";
import { connect, type Socket } from "node:net";
import { setTimeout as sleep } from "node:timers/promises";
import { afterEach, beforeAll, describe, expect, jest, test } from "@jest/globals";
import { Registry } from "prom-client";
import {
  ADMISSION_PATH,
  CHALLENGE_ANNOTATION,
  POLICIES_PATH,
  POLICY_ANNOTATION,
  PROOF_PATH,
  SIDECAR_CONTAINER,
  WEBHOOK_PROOF_CONFIG_MAP,
} from "../api/names.ts";
import { testPolicy } from "../api/testing/policy.ts";
import { SETTINGS } from "../inject/testing/settings.ts";
import { MAX_CONNECTIONS, startWebhook, type Webhook, type WebhookOptions } from "./server.ts";
import { testCertificate } from "./testing/certificate.ts";
import { call, postReview, reviewOf, type Target } from "./testing/client.ts";
import { closed, handshake as openConnection } from "./testing/tls-client.ts";

type TestCertificate = Awaited<ReturnType<typeof testCertificate>>;

/** Timeout of the server for one request, and its clock of one second, and some slack. */
const SLOW_CLIENT_MILLISECONDS = 8_000;

/** As many handshakes as there is room for connections, both sides on one busy processor. */
const HANDSHAKES_MILLISECONDS = 30_000;

/** The API server's patience with the default of the chart. */
const REVIEW_MILLISECONDS = 3_000;

const certificates: TestCertificate[] = [];
beforeAll(async () => {
  certificates.push(await testCertificate(1), await testCertificate(2));
});

const running: Webhook[] = [];
const agents: Agent[] = [];
const sockets: Socket[] = [];
afterEach(async () => {
  for (const client of [...agents.splice(0), ...sockets.splice(0)]) client.destroy();
  await Promise.all(running.splice(0).map((webhook) => webhook.close()));
});

async function start(options: Partial<WebhookOptions> = {}) {
  const [certificate] = certificates as [TestCertificate];
  const metrics = new Registry();
  const log = { info: jest.fn(), error: jest.fn() };
  const webhook = await startWebhook({
    port: 0,
    podName: "operator-1",
    certificate,
    policies: () => [testPolicy()],
    heldBack: () => false,
    namespaceOptedOut: () => false,
    namespaceAnnotations: () => ({}),
    settings: SETTINGS,
    metrics,
    log,
    ownNamespace: "healthpolicy-system",
    drainMilliseconds: 0,
    ...options,
  });
  running.push(webhook);
  return { webhook, target: { port: webhook.port, ca: certificate.ca }, log, metrics };
}

/** A connection that ends with the test. */
async function handshake(...to: Parameters<typeof openConnection>) {
  const client = await openConnection(...to);
  sockets.push(client.socket);
  return client;
}

function plainConnection(port: number): Socket {
  const socket = connect(port, "localhost");
  sockets.push(socket);
  return socket;
}

/** The same target over one connection that is kept open, as an API server does. */
function keptOpen(target: Target): Target {
  const agent = new Agent({ keepAlive: true, maxSockets: 1 });
  agents.push(agent);
  return { ...target, agent };
}

const POD = {
  metadata: { generateName: "web-", labels: { app: "web" } },
  spec: { containers: [{ name: "app", image: "app:1" }] },
};

const post = (target: Target, body: string, headers: Record<string, string> = {}) =>
  call(target, { path: ADMISSION_PATH, method: "POST", body, headers });

describe("a request", () => {
  test("with a pod that a policy selects is answered with one patch", async () => {
    const { target, metrics } = await start();
    const { response, pod } = await postReview(target, reviewOf(POD));
    expect(response).toStrictEqual({
      uid: "review-1",
      allowed: true,
      patchType: "JSONPatch",
      patch: expect.any(String),
    });
    expect(pod).toMatchObject({
      metadata: { annotations: { [POLICY_ANNOTATION]: "web" } },
      spec: { initContainers: [{ name: SIDECAR_CONTAINER, image: SETTINGS.image }] },
    });
    expect(await metrics.metrics()).toContain(
      'healthpolicy_injections_total{result="injected",reason=""} 1',
    );
  });

  test("with what is no review is answered 400, with a reason", async () => {
    const { target } = await start();
    const { status, text, headers } = await post(target, '{"kind":"Pod"}');
    expect(status).toBe(400);
    expect(headers["content-type"]).toBe("application/json");
    expect(JSON.parse(text)).toStrictEqual({
      reason: "NotAnAdmissionReview",
      message: "the body is not an AdmissionReview of admission.k8s.io/v1",
    });
  });

  test("with a body of 10 MB is answered 413", async () => {
    const { target, metrics } = await start();
    const { status, text } = await post(target, "x".repeat(10_000_000));
    expect(status).toBe(413);
    expect(JSON.parse(text).reason).toBe("TooLarge");
    expect(await metrics.metrics()).toContain('{result="refused",reason="TooLarge"} 1');
  });

  test("with a pod of 1.5 MiB is answered like any other", async () => {
    const { target } = await start();
    const env = [{ name: "BIG", value: "x".repeat(1.5 * 1024 * 1024) }];
    const pod = { ...POD, spec: { containers: [{ name: "app", image: "app:1", env }] } };
    expect((await postReview(target, reviewOf(pod))).response.patch).toBeDefined();
  });

  test.each([
    ["of another content type", "POST", ADMISSION_PATH, { "Content-Type": "text/yaml" }, 415],
    [
      "with parameters to its content type",
      "POST",
      ADMISSION_PATH,
      { "Content-Type": "application/json; charset=utf-8" },
      400,
    ],
    ["in chunks", "POST", ADMISSION_PATH, { "Transfer-Encoding": "chunked" }, 411],
    ["by GET", "GET", ADMISSION_PATH, {}, 405],
    ["to another path", "POST", `${ADMISSION_PATH}/x`, {}, 404],
    ["to the root", "GET", "/", {}, 404],
    ["for a policy by POST", "POST", `${POLICIES_PATH}/shop/web`, {}, 404],
    ["that expects the unknown", "POST", ADMISSION_PATH, { Expect: "more" }, 417],
  ])("%s is answered %s %s %j %i, and its connection ends", async (...row) => {
    const [, method, path, headers, status] = row;
    const { target } = await start();
    const answer = await call(keptOpen(target), {
      path,
      method,
      headers: headers as Record<string, string>,
    });
    expect(answer.status).toBe(status);
    expect(JSON.parse(answer.text)).toHaveProperty("reason");
    expect(answer.headers.connection).toBe("close");
  });

  test("for a policy ends its connection, a review keeps it", async () => {
    const { target } = await start();
    const policy = await call(keptOpen(target), { path: `${POLICIES_PATH}/shop/web` });
    expect([policy.status, policy.headers.connection]).toStrictEqual([200, "close"]);
    const path = `${ADMISSION_PATH}?timeout=3s`;
    const body = JSON.stringify(reviewOf(POD));
    const review = await call(keptOpen(target), { path, method: "POST", body });
    expect([review.status, review.headers.connection]).toStrictEqual([200, "keep-alive"]);
  });

  test("for the proof is answered with the pod's name, counts as no injection, ends its connection", async () => {
    const { target, metrics } = await start();
    const open = keptOpen(target);
    const name = "healthpolicy-webhook-proof";
    const annotations = { "healthpolicy.dev/challenge": "challenge-1" };
    const kind = { group: "", version: "v1", kind: "ConfigMap" };
    const review = reviewOf(
      { metadata: { name, annotations } },
      { kind, namespace: "healthpolicy-system" },
    );
    const body = JSON.stringify(review);
    const { status, text, headers } = await call(open, { path: PROOF_PATH, method: "POST", body });
    expect(status).toBe(200);
    const patch = Buffer.from(JSON.parse(text).response.patch, "base64").toString();
    expect(patch).toContain("operator-1 challenge-1");
    expect(headers.connection).toBe("close");
    expect(await metrics.metrics()).not.toContain("healthpolicy_injections_total{");
  });

  test("for the proof never changes a pod", async () => {
    const { target } = await start();
    const body = JSON.stringify(reviewOf(POD));
    const { text } = await call(target, { path: PROOF_PATH, method: "POST", body });
    expect(JSON.parse(text).response).toStrictEqual({ uid: "review-1", allowed: true });
  });

  test("that an error of ours meets is answered like one without a policy", async () => {
    const policies = () => {
      throw new Error("broken");
    };
    const { target, log } = await start({ policies });
    const { response } = await postReview(target, reviewOf(POD));
    expect(response).toMatchObject({ allowed: true, warnings: [expect.any(String)] });
    expect(response.patch).toBeUndefined();
    expect(log.error).toHaveBeenCalledTimes(1);
  });
});

describe("a client that means no good", () => {
  const HEAD = `POST ${ADMISSION_PATH} HTTP/1.1\r\nHost: localhost\r\nContent-Type: application/json\r\n`;
  const asRequest = (body: string) => `${HEAD}Content-Length: ${body.length}\r\n\r\n${body}`;
  /** What answers a large body that waited for its turn. */
  const LARGE_BYTES = 3 * 1024 * 1024 - 1_024;

  test("and sends reviews ahead is cut off, and at most one of them is answered", async () => {
    const { target, metrics } = await start();
    const { socket } = await handshake(target);
    socket.write(asRequest(JSON.stringify(reviewOf(POD))).repeat(200));
    const text = await closed(socket, SLOW_CLIENT_MILLISECONDS);
    expect(text.split("200 OK").length).toBeLessThanOrEqual(2);
    expect(await metrics.metrics()).not.toMatch(/injections_total\{.*} ([2-9]|\d\d)/);
    expect((await postReview(target, reviewOf(POD))).response.allowed).toBe(true);
  });

  test("and sends a uid of 1 MB gets none of it back", async () => {
    const { target } = await start();
    const { status, text } = await post(
      target,
      JSON.stringify(reviewOf(POD, { uid: "u".repeat(1e6) })),
    );
    expect([status, JSON.parse(text).reason]).toStrictEqual([400, "UidTooLong"]);
    expect(text.length).toBeLessThan(200);
  });

  test.each([
    ["empty objects", "{},"],
    ["empty lists", "[],"],
    ["empty texts", '"",'],
  ])("and sends 3 MiB of %s keeps nobody waiting", async (_, unit) => {
    const { target } = await start();
    const body = `[${unit.repeat(LARGE_BYTES / unit.length)}0]`;
    const large = Promise.all(Array.from({ length: 8 }, () => post(target, body)));
    const begun = Date.now();
    expect((await postReview(target, reviewOf(POD))).response.patch).toBeDefined();
    expect(Date.now() - begun).toBeLessThan(REVIEW_MILLISECONDS);
    expect((await large).map(({ status }) => status)).toStrictEqual(Array(8).fill(400));
  });

  test("and sends 12 large bodies at once has some of them refused, and small reviews go on", async () => {
    const { target, metrics } = await start();
    const kept = keptOpen(target);
    await postReview(kept, reviewOf(POD));
    const slow = await Promise.all(
      Array.from({ length: 12 }, async () => {
        const { socket } = await handshake(target);
        socket.write(asRequest("x".repeat(LARGE_BYTES)).slice(0, -1));
        return socket;
      }),
    );
    const ends = Promise.all(
      slow.map(async (socket) => {
        const end = closed(socket, SLOW_CLIENT_MILLISECONDS);
        await sleep(1_500);
        socket.write("x");
        return end;
      }),
    );
    expect((await postReview(kept, reviewOf(POD))).response.patch).toBeDefined();
    const answers = (await ends).map((text) => text.slice(9, 12)).sort();
    expect(answers).toStrictEqual([...Array(8).fill("400"), ...Array(4).fill("503")]);
    expect(await metrics.metrics()).toContain('{result="refused",reason="Busy"} 4');
  });

  test("and takes none of many large answers loses some of them before their time is over", async () => {
    const { target } = await start();
    const annotations = { [CHALLENGE_ANNOTATION]: "x".repeat(LARGE_BYTES - 1_024) };
    const proof = reviewOf(
      { metadata: { name: WEBHOOK_PROOF_CONFIG_MAP, annotations } },
      { kind: { group: "", version: "v1", kind: "ConfigMap" }, namespace: "healthpolicy-system" },
    );
    const text = asRequest(JSON.stringify(proof)).replace(ADMISSION_PATH, PROOF_PATH);
    const clients = await Promise.all(Array.from({ length: 6 }, () => handshake(target)));
    for (const { socket } of clients) {
      socket.pause();
      socket.write(text);
    }
    // Below the 5 s that each of them has by itself.
    await sleep(2_500);
    const ends = clients.map(({ socket }) => closed(socket.resume(), SLOW_CLIENT_MILLISECONDS));
    const whole = (await Promise.all(ends)).filter((answer) => answer.endsWith("}}"));
    // One counts twice its 4 MB.
    expect(whole.length).toBeGreaterThan(0);
    expect(whole.length).toBeLessThanOrEqual(3);
  });

  test("gets no more of its text into the log than the name of a namespace", async () => {
    const { target, log } = await start();
    const pod = { ...POD, spec: { containers: "canary" }, canary: "canary" };
    await postReview(target, reviewOf(pod, { uid: "canary" }));
    await post(target, JSON.stringify(reviewOf(pod, { namespace: "canary\n" })));
    expect(log.error).toHaveBeenCalledTimes(1);
    expect(JSON.stringify(log.error.mock.calls)).not.toContain("canary");
  });
});

test("idle connections are kept longer than an API server keeps them, which is 90 s", async () => {
  const { target } = await start();
  const { headers } = await post(keptOpen(target), JSON.stringify(reviewOf(POD)));
  expect(Number(/^timeout=(\d+)$/.exec(String(headers["keep-alive"]))?.[1])).toBeGreaterThan(90);
});

describe("the generation of a policy", () => {
  test.each<[string, Partial<WebhookOptions>, string, number, object]>([
    ["is told from the cache", {}, "/shop/web", 200, { generation: 3, uid: testPolicy().uid }],
    ["is 404 for a policy that is not there", {}, "/shop/other", 404, { reason: "NotFound" }],
    ["is 404 without a name", {}, "/shop", 404, { reason: "NotFound" }],
    [
      "is 404 in another namespace",
      { policies: (namespace) => (namespace === "shop" ? [testPolicy()] : []) },
      "/other/web",
      404,
      { reason: "NotFound" },
    ],
    [
      "is 404 while pods must not follow it",
      { heldBack: () => true },
      "/shop/web",
      404,
      { reason: "ConfigMapNotOurs" },
    ],
    [
      "is 503 before the cache is filled",
      { policies: () => undefined },
      "/shop/web",
      503,
      { reason: "CacheNotSynced" },
    ],
  ])("%s", async (_, options, path, status, body) => {
    const { target } = await start(options);
    const answer = await call(target, { path: `${POLICIES_PATH}${path}` });
    expect(answer.status).toBe(status);
    expect(JSON.parse(answer.text)).toMatchObject(body);
  });
});

describe("TLS", () => {
  test("below 1.2 is refused, before and after a new certificate", async () => {
    const { webhook, target } = await start();
    const [, second] = certificates as [TestCertificate, TestCertificate];
    await expect(handshake(target, "TLSv1.1")).rejects.toMatchObject({
      code: "ERR_SSL_TLSV1_ALERT_PROTOCOL_VERSION",
    });
    webhook.setCertificate(second);
    await expect(handshake({ ...target, ca: second.ca }, "TLSv1.1")).rejects.toMatchObject({
      code: "ERR_SSL_TLSV1_ALERT_PROTOCOL_VERSION",
    });
    expect(await handshake({ ...target, ca: second.ca }, "TLSv1.2")).toMatchObject({
      protocol: "TLSv1.2",
    });
  });

  test("serves a new certificate without a restart, and keeps open connections", async () => {
    const { webhook, target } = await start();
    const [, second] = certificates as [TestCertificate, TestCertificate];
    const kept = keptOpen(target);
    expect((await postReview(kept, reviewOf(POD))).response.allowed).toBe(true);
    expect((await handshake(target)).serial).toBe("01");

    webhook.setCertificate(second);
    expect((await handshake({ ...target, ca: second.ca })).serial).toBe("02");
    await expect(handshake(target)).rejects.toThrow();
    expect((await postReview(kept, reviewOf(POD))).response.allowed).toBe(true);
  });

  test("goes on with the old certificate when the new one is none", async () => {
    const { webhook, target } = await start();
    const [first, second] = certificates as [TestCertificate, TestCertificate];
    expect(() => webhook.setCertificate({ key: "", cert: "no certificate" })).toThrow();
    expect(() => webhook.setCertificate({ key: first.key, cert: second.cert })).toThrow();
    expect((await handshake(target)).serial).toBe("01");
  });

  test("begins once there is a certificate", async () => {
    const metrics = new Registry();
    const log = { info: jest.fn(), error: jest.fn() };
    const webhook = await startWebhook({
      port: 0,
      podName: "operator-1",
      policies: () => [],
      heldBack: () => false,
      namespaceOptedOut: () => false,
      namespaceAnnotations: () => ({}),
      settings: SETTINGS,
      metrics,
      log,
      ownNamespace: "healthpolicy-system",
      drainMilliseconds: 0,
    });
    running.push(webhook);
    const [certificate] = certificates as [TestCertificate];
    const target = { port: webhook.port, ca: certificate.ca };
    await expect(handshake(target)).rejects.toThrow();
    webhook.setCertificate(certificate);
    expect((await postReview(target, reviewOf(POD))).response.allowed).toBe(true);
  });
});

describe("what is not HTTP over TLS", () => {
  test.each([
    ["text in the clear", false],
    ["text inside TLS", true],
  ])("%s is cut off, and the next review answered", async (_, encrypted) => {
    const { target } = await start();
    const socket = encrypted ? (await handshake(target)).socket : plainConnection(target.port);
    socket.write("\u0000 nonsense\r\n\r\n");
    expect(await closed(socket, SLOW_CLIENT_MILLISECONDS)).not.toContain("200 OK");
    expect((await postReview(target, reviewOf(POD))).response.allowed).toBe(true);
  });

  test("does not keep more connections than there is room for", async () => {
    const { target } = await start();
    const crowd = Array.from({ length: MAX_CONNECTIONS + 1 }, () => plainConnection(target.port));
    const first = Promise.race(crowd.map((socket) => closed(socket, 3_000)));
    expect(await first).toBe("");
    const open = crowd.filter(({ destroyed }) => !destroyed);
    expect(open.length).toBe(MAX_CONNECTIONS);
  });
});

test(
  "clients that hold every connection keep no review out",
  async () => {
    const { target } = await start();
    const kept = Array.from({ length: MAX_CONNECTIONS }, () => keptOpen(target));
    const body = JSON.stringify(reviewOf(POD));
    const answers = await Promise.all(kept.map((client) => post(client, body)));
    const held = answers.filter(({ headers }) => headers.connection === "keep-alive");
    expect(held.length).toBe(MAX_CONNECTIONS);

    expect((await postReview(target, reviewOf(POD))).response.patch).toBeDefined();
  },
  HANDSHAKES_MILLISECONDS,
);

test("a port that is taken is told", async () => {
  const { webhook } = await start();
  await expect(start({ port: webhook.port })).rejects.toMatchObject({ code: "EADDRINUSE" });
});

describe("a server that closes", () => {
  test("answers on open and new connections, and says that they end", async () => {
    const { webhook, target } = await start({ drainMilliseconds: 2_000 });
    const kept = keptOpen(target);
    const body = JSON.stringify(reviewOf(POD));
    expect((await post(kept, body)).headers.connection).toBe("keep-alive");

    const closing = webhook.close();
    const answers = await Promise.all([post(kept, body), post(target, body)]);
    expect(answers.map(({ status, headers }) => [status, headers.connection])).toStrictEqual([
      [200, "close"],
      [200, "close"],
    ]);
    await closing;
    await expect(post(target, body)).rejects.toMatchObject({ code: "ECONNREFUSED" });
  });

  test("does not wait for connections on which nothing happens", async () => {
    const { webhook, target } = await start();
    await postReview(keptOpen(target), reviewOf(POD));
    const begun = Date.now();
    await webhook.close();
    expect(Date.now() - begun).toBeLessThan(4_000);
  });

  test(
    "ends within its deadline, whatever a client does not send",
    async () => {
      const { webhook, target } = await start();
      await handshake(target);
      const begun = Date.now();
      await webhook.close();
      expect(Date.now() - begun).toBeLessThan(SLOW_CLIENT_MILLISECONDS);
    },
    SLOW_CLIENT_MILLISECONDS + 1_000,
  );

  test("answers the review that is on its way", async () => {
    const { webhook, target } = await start();
    const body = JSON.stringify(reviewOf(POD));
    const client = await handshake(target);
    client.socket.write(
      `POST ${ADMISSION_PATH} HTTP/1.1\r\nHost: localhost\r\nContent-Type: application/json\r\nContent-Length: ${body.length}\r\n\r\n${body.slice(0, 50)}`,
    );
    // The server has the head of the request once it answers a later one.
    await post(target, "{}");
    const closing = webhook.close();
    await expect(Promise.race([closing, closed(client.socket, 300)])).rejects.toThrow("still open");
    client.socket.write(body.slice(50));
    expect(await closed(client.socket, SLOW_CLIENT_MILLISECONDS)).toMatch(
      /^HTTP\/1\.1 200 OK\r\n.*Connection: close\r\n.*"allowed":true/s,
    );
    await closing;
  });
});

test(
  "clients that are too slow are cut off, and the next one is answered",
  async () => {
    const { target } = await start();
    const head = `POST ${ADMISSION_PATH} HTTP/1.1\r\nHost: localhost\r\n`;
    const body = "Content-Type: application/json\r\nContent-Length: 50\r\n\r\n{";
    const slow = await Promise.all(
      ["", head, head + body].map(async (text) => {
        const { socket } = await handshake(target);
        socket.write(text);
        return closed(socket, SLOW_CLIENT_MILLISECONDS);
      }),
    );
    expect(slow.filter((answer) => answer.includes("200 OK"))).toStrictEqual([]);
    expect((await postReview(target, reviewOf(POD))).response.allowed).toBe(true);
  },
  SLOW_CLIENT_MILLISECONDS + 1_000,
);
