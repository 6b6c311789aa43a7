import type { Socket } from "node:net";
import { afterEach, describe, expect, jest, test } from "@jest/globals";
import { Registry } from "prom-client";
import { closed } from "../webhook/testing/tls-client.ts";
import type { Caches } from "./caches.ts";
import { carryOut } from "./certificate/certificates.ts";
import { MAX_CONNECTIONS, startManagement } from "./management.ts";
import { controllerMetrics } from "./metrics.ts";
import { countsOf } from "./policy/testing/counts-of.ts";
import { IDLE_LEADER } from "./testing/idle-leader.ts";
import {
  type ManagementPort,
  openManagementPort,
  SLOW_CLIENT_MILLISECONDS,
} from "./testing/management-port.ts";
import { NOT_PROVEN_YET, type Reach } from "./webhook-configuration/webhook-proof.ts";

/** A kubelet's patience with our readiness probe. */
const PROBE_MILLISECONDS = 2_000;

let management: ManagementPort;
afterEach(() => management?.close());

/** Its address. */
async function start(registry: Registry, whyNotReady?: () => string | undefined): Promise<string> {
  management = await openManagementPort(registry, whyNotReady);
  return management.url;
}

test("healthz does not depend on readiness; readyz says why not", async () => {
  let why: string | undefined = "caches are not synced";
  const url = await start(new Registry(), () => why);
  const ready = async () => {
    const response = await fetch(`${url}/readyz`);
    return `${response.status} ${await response.text()}`;
  };
  expect((await fetch(`${url}/healthz`)).status).toBe(200);
  expect(await ready()).toBe("503 caches are not synced\n");
  why = undefined;
  expect(await ready()).toBe("200 ok\n");
  expect((await fetch(`${url}/other`)).status).toBe(404);
});

test("a port that is taken is an error", async () => {
  const url = await start(new Registry(), () => undefined);
  const port = Number(new URL(url).port);
  await expect(
    startManagement({ port, registry: new Registry(), whyNotReady: () => undefined }),
  ).rejects.toThrow("EADDRINUSE");
});

const probe = (url: string) =>
  fetch(`${url}/readyz`, { signal: AbortSignal.timeout(PROBE_MILLISECONDS) });

describe("a client that means no good", () => {
  test("and opens connections without end takes no probe's place, and keeps few of them", async () => {
    const url = await start(new Registry(), () => undefined);
    const idle: Socket[] = [];
    for (let round = 0; round < 10; round++) {
      idle.push(...Array.from({ length: 100 }, () => management.attacker()));
      expect((await probe(url)).status).toBe(200);
    }
    const open = await new Promise((resolve) =>
      management.server.getConnections((_, count) => resolve(count)),
    );
    expect(open).toBeLessThanOrEqual(MAX_CONNECTIONS);
    expect(idle.length).toBe(1_000);
  });

  test("and sends requests ahead is cut off, and at most one of them is worked on", async () => {
    const registry = new Registry();
    const metrics = jest.spyOn(registry, "metrics");
    const url = await start(registry, () => undefined);
    const socket = management.attacker();
    socket.write("GET /metrics HTTP/1.1\r\nHost: localhost\r\n\r\n".repeat(500));
    await closed(socket, SLOW_CLIENT_MILLISECONDS);
    expect(metrics.mock.calls.length).toBeLessThanOrEqual(1);
    expect((await probe(url)).status).toBe(200);
  });
});

test("metrics are rendered once for all who ask within a second", async () => {
  const registry = new Registry();
  const metrics = jest.spyOn(registry, "metrics");
  const url = await start(registry, () => undefined);
  const answers = Array.from({ length: 10 }, () => fetch(`${url}/metrics`));
  expect((await Promise.all(answers)).map(({ status }) => status)).toStrictEqual(
    Array(10).fill(200),
  );
  expect(metrics).toHaveBeenCalledTimes(1);
});

test("each answer ends its connection", async () => {
  const url = await start(new Registry(), () => undefined);
  for (const path of ["/healthz", "/readyz", "/metrics", "/other"]) {
    expect((await fetch(`${url}${path}`)).headers.get("connection")).toBe("close");
  }
});

test("the controller's metrics", async () => {
  const registry = new Registry();
  const watch = { secondsSinceLastEvent: () => 7 };
  const told = { asked: 3, unknown: 1, wouldBeUnready: 2, dependencies: [], sharedKnown: true };
  let counts = new Map([
    ["shop/web", countsOf({ unready: 2, optedOut: 1 })],
    ["shop/new", countsOf({ reports: told })],
    ["shop/old", countsOf({ reports: { ...told, wouldBeUnready: undefined } })],
  ]);
  const caches = {
    policies: watch,
    namespaces: watch,
    services: watch,
    certificates: watch,
    certificate: () => undefined,
  };
  const leader = { ...IDLE_LEADER, counts: () => counts };
  controllerMetrics(registry, caches as unknown as Caches, leader);
  const url = await start(registry, () => undefined);
  const text = await (await fetch(`${url}/metrics`)).text();
  expect(text).toContain('healthpolicy_pods{namespace="shop",policy="web",state="matched"} 3');
  expect(text).toContain('healthpolicy_pods{namespace="shop",policy="web",state="unready"} 2');
  expect(text).toContain('healthpolicy_pods{namespace="shop",policy="web",state="opted_out"} 1');
  expect(text).not.toMatch(/policy="web",state="(asked|unknown|would_be_unready)"/);
  expect(text).toContain('healthpolicy_pods{namespace="shop",policy="new",state="asked"} 3');
  expect(text).toContain('healthpolicy_pods{namespace="shop",policy="new",state="unknown"} 1');
  expect(text).toContain(
    'healthpolicy_pods{namespace="shop",policy="new",state="would_be_unready"} 2',
  );
  expect(text).not.toContain('policy="old",state="would_be_unready"');
  expect(text).toContain('healthpolicy_watch_last_event_seconds{kind="HealthPolicy"} 7');
  expect(text).not.toContain('kind="Pod"');
  expect(text).not.toMatch(/^healthpolicy_certificate_expiry_seconds /m);
  // A policy that is gone, or another leader: no stale figures.
  counts = new Map();
  expect(await registry.metrics()).not.toContain('policy="web"');
});

test("seconds until the certificate ends", async () => {
  const registry = new Registry();
  const data = await carryOut("create", { data: {}, dnsName: "a.b.svc", now: Date.now() });
  const watch = { secondsSinceLastEvent: () => 7 };
  const caches = {
    policies: watch,
    namespaces: watch,
    services: watch,
    certificates: watch,
    certificate: () => ({ resourceVersion: "1", data }),
  };
  controllerMetrics(registry, caches as unknown as Caches, IDLE_LEADER);
  const text = await registry.metrics();
  const seconds = Number(/^healthpolicy_certificate_expiry_seconds (\d+)$/m.exec(text)?.[1]);
  expect(Math.abs(seconds - 90 * 24 * 3_600)).toBeLessThan(60);
  // The Secret's other contents have no place in a metric.
  expect(text).not.toContain("PRIVATE");
});

test("whether API servers reach the webhook: 1, 0, and absent while nobody knows", async () => {
  const registry = new Registry();
  const watch = { secondsSinceLastEvent: () => 7 };
  const caches = {
    policies: watch,
    namespaces: watch,
    services: watch,
    certificates: watch,
    certificate: () => undefined,
  };
  let reach: Reach = NOT_PROVEN_YET.reach;
  const leader = { ...IDLE_LEADER, webhookReach: () => reach };
  controllerMetrics(registry, caches as unknown as Caches, leader);
  const value = async () =>
    /^healthpolicy_webhook_reachable (.*)$/m.exec(await registry.metrics())?.[1];
  expect(await value()).toBeUndefined();
  reach = { state: "reachable" };
  expect(await value()).toBe("1");
  reach = { state: "unreachable", message: "Look." };
  expect(await value()).toBe("0");
  reach = NOT_PROVEN_YET.reach;
  expect(await value()).toBeUndefined();
});
