import type { Server } from "node:http";
import type { AddressInfo } from "node:net";
import { afterEach, expect, test } from "@jest/globals";
import { Registry } from "prom-client";
import type { Caches } from "./caches.ts";
import { carryOut } from "./certificate/certificates.ts";
import type { Leader } from "./leader.ts";
import { startManagement } from "./management.ts";
import { controllerMetrics } from "./metrics.ts";
import { countsOf } from "./policy/testing/records.ts";
import { NOT_PROVEN_YET, type Reach } from "./webhook-configuration/webhook-proof.ts";

let server: Server | undefined;

afterEach(() => {
  server?.closeAllConnections();
  server?.close();
});

async function start(registry: Registry, whyNotReady: () => string | undefined): Promise<string> {
  server = await startManagement({ port: 0, registry, whyNotReady });
  return `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
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

test("the controller's metrics", async () => {
  const registry = new Registry();
  const watch = { secondsSinceLastEvent: () => 7 };
  let counts = new Map([["shop/web", countsOf({ unready: 2, optedOut: 1 })]]);
  const caches = {
    policies: watch,
    namespaces: watch,
    certificates: watch,
    certificate: () => undefined,
  };
  const webhookReach = () => NOT_PROVEN_YET.reach;
  const leader = { counts: () => counts, pods: () => undefined, webhookReach };
  controllerMetrics(registry, caches as unknown as Caches, leader as unknown as Leader);
  const url = await start(registry, () => undefined);
  const text = await (await fetch(`${url}/metrics`)).text();
  expect(text).toContain('healthpolicy_pods{namespace="shop",policy="web",state="matched"} 3');
  expect(text).toContain('healthpolicy_pods{namespace="shop",policy="web",state="unready"} 2');
  expect(text).toContain('healthpolicy_pods{namespace="shop",policy="web",state="opted_out"} 1');
  expect(text).toContain('healthpolicy_watch_last_event_seconds{kind="HealthPolicy"} 7');
  expect(text).not.toContain('kind="Pod"');
  expect(text).not.toMatch(/^healthpolicy_certificate_expiry_seconds /m);
  // A policy that is gone, or another leader: no stale figures.
  counts = new Map();
  expect(await (await fetch(`${url}/metrics`)).text()).not.toContain('policy="web"');
});

test("seconds until the certificate ends", async () => {
  const registry = new Registry();
  const data = await carryOut("create", { data: {}, dnsName: "a.b.svc", now: Date.now() });
  const watch = { secondsSinceLastEvent: () => 7 };
  const caches = {
    policies: watch,
    namespaces: watch,
    certificates: watch,
    certificate: () => ({ resourceVersion: "1", data }),
  };
  const webhookReach = () => NOT_PROVEN_YET.reach;
  const leader = { counts: () => new Map(), pods: () => undefined, webhookReach };
  controllerMetrics(registry, caches as unknown as Caches, leader as unknown as Leader);
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
    certificates: watch,
    certificate: () => undefined,
  };
  let reach: Reach = NOT_PROVEN_YET.reach;
  const leader = { counts: () => new Map(), pods: () => undefined, webhookReach: () => reach };
  controllerMetrics(registry, caches as unknown as Caches, leader as unknown as Leader);
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
