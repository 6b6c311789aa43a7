/** The management port: health for the kubelet, metrics for Prometheus. */
import type { Server } from "node:http";
import express from "express";
import { Gauge, type Registry } from "prom-client";
import type { Caches } from "./caches.ts";
import { certificateExpiry } from "./certificate-plan.ts";
import type { Leader } from "./leader.ts";

export interface ManagementOptions {
  port: number;
  registry: Registry;
  /** Undefined: ready. Else one short text for why not. */
  whyNotReady: () => string | undefined;
}

/** Health never looks further than this process: a restart would mend nothing else. */
export async function startManagement(options: ManagementOptions): Promise<Server> {
  const { port, registry, whyNotReady } = options;
  const app = express();
  app.disable("x-powered-by");
  app.get("/healthz", (_request, response) => {
    response.type("text/plain").send("ok\n");
  });
  app.get("/readyz", (_request, response) => {
    const why = whyNotReady();
    response
      .status(why === undefined ? 200 : 503)
      .type("text/plain")
      .send(`${why ?? "ok"}\n`);
  });
  app.get("/metrics", async (_request, response) => {
    response.type(registry.contentType).send(await registry.metrics());
  });
  const { promise, resolve, reject } = Promise.withResolvers<void>();
  const server = app.listen(port, (error) => (error ? reject(error) : resolve()));
  server.requestTimeout = 5_000;
  server.headersTimeout = 5_000;
  await promise;
  return server;
}

/** Registers the metrics of the controller; values are read when they are asked for. */
export function controllerMetrics(registry: Registry, caches: Caches, leader: Leader): void {
  const registers = [registry];
  new Gauge({
    name: "healthpolicy_pods",
    help: "Pods that a policy selects, by state; from the leader alone.",
    labelNames: ["namespace", "policy", "state"],
    registers,
    collect() {
      this.reset();
      for (const [key, counts] of leader.counts()) {
        const [namespace = "", policy = ""] = key.split("/");
        const { matched, injected, outdated, unready, optedOut } = counts;
        for (const [state, value] of Object.entries({ matched, injected, outdated, unready })) {
          this.set({ namespace, policy, state }, value);
        }
        this.set({ namespace, policy, state: "opted_out" }, optedOut);
      }
    },
  });
  new Gauge({
    name: "healthpolicy_watch_last_event_seconds",
    help: "Seconds since the API server last said anything on a watch, bookmarks included.",
    labelNames: ["kind"],
    registers,
    collect() {
      this.reset();
      const watches = {
        HealthPolicy: caches.policies,
        Namespace: caches.namespaces,
        Secret: caches.certificates,
        Pod: leader.pods(),
      };
      for (const [kind, watch] of Object.entries(watches)) {
        if (watch) this.set({ kind }, watch.secondsSinceLastEvent());
      }
    },
  });
  new Gauge({
    name: "healthpolicy_certificate_expiry_seconds",
    help: "Seconds until the webhook's certificate ends; absent while there is none.",
    registers,
    collect() {
      const end = certificateExpiry(caches.certificate()?.data ?? {});
      this.reset();
      if (end === undefined) this.remove();
      else this.set(Math.round((end - Date.now()) / 1_000));
    },
  });
}
