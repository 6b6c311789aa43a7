/** The management port: health for the kubelet, metrics for Prometheus. */
import { once } from "node:events";
import { createServer, type Server } from "node:http";
import express from "express";
import type { Registry } from "prom-client";
import { capConnections } from "../http/cap-connections.ts";
import { oneRequestAtATime } from "../http/one-request-at-a-time.ts";
import { sharedRender } from "../http/shared-render.ts";

/** A kubelet waits 5 s for the slowest of our probes, Prometheus 10 s: whoever is slower is not one of them. */
const REQUEST_TIMEOUT_MILLISECONDS = 5_000;
/** How often Node looks for connections that are over a timeout. */
const TIMEOUT_CHECK_MILLISECONDS = 1_000;
/** Connections at one time: the kubelet has two, each Prometheus one, a person some. */
export const MAX_CONNECTIONS = 16;

/** What the management port answers with. */
export interface ManagementOptions {
  port: number;
  registry: Registry;
  /** Undefined: ready. Otherwise one short text for why not. */
  whyNotReady: () => string | undefined;
}

/**
 * Serves health and metrics; resolves once it listens, and rejects when the port cannot be had. Health
 * never looks further than this process: a restart would mend nothing else.
 */
export async function startManagement(options: ManagementOptions): Promise<Server> {
  const { port, registry, whyNotReady } = options;
  const app = express();
  app.disable("x-powered-by");
  app.use((_request, response, next) => {
    // Nobody here asks often enough to keep a connection, and one that is kept has to be watched.
    response.set("Connection", "close");
    next();
  });
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
  // Of 2,000 policies it takes 0.2 s, in which nothing else is answered: 60 who asked on kept /healthz waiting for 5 s.
  const metrics = sharedRender(() => registry.metrics());
  app.get("/metrics", async (_request, response) => {
    response.type(registry.contentType).send(await metrics());
  });
  const server = createServer(
    {
      requestTimeout: REQUEST_TIMEOUT_MILLISECONDS,
      headersTimeout: REQUEST_TIMEOUT_MILLISECONDS,
      connectionsCheckingInterval: TIMEOUT_CHECK_MILLISECONDS,
    },
    app,
  );
  oneRequestAtATime(server, REQUEST_TIMEOUT_MILLISECONDS);
  capConnections(server, MAX_CONNECTIONS);
  server.listen(port);
  await once(server, "listening");
  return server;
}
