/** The management port: health for the kubelet, metrics for Prometheus. */
import type { Server } from "node:http";
import express from "express";
import type { Registry } from "prom-client";

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
