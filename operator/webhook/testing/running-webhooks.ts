/** Webhooks on ports of their own and clients that call them; all of them end with the test. */
import { Agent } from "node:https";
import { connect, type Socket } from "node:net";
import { jest } from "@jest/globals";
import { Registry } from "prom-client";
import { ADMISSION_PATH } from "../../api/names.ts";
import { startWebhook, type Webhook, type WebhookOptions } from "../server.ts";
import { testCertificate } from "./certificate.ts";
import { call, type Target } from "./client.ts";
import { testKnowledge } from "./knowledge.ts";
import { handshake } from "./tls-client.ts";

/** Timeout of the server for one request, and its clock of one second, and some slack. */
export const SLOW_CLIENT_MILLISECONDS = 8_000;

/** A pod that `testPolicy()` selects. */
export const POD = {
  metadata: { generateName: "web-", labels: { app: "web" } },
  spec: { containers: [{ name: "app", image: "app:1" }] },
};

/** Sends `body` to where API servers send reviews. */
export const post = (target: Target, body: string, headers: Record<string, string> = {}) =>
  call(target, { path: ADMISSION_PATH, method: "POST", body, headers });

/** What a test file shares; `close` belongs into its afterEach. */
export function runningWebhooks() {
  const certificates = Promise.all([testCertificate(1), testCertificate(2)]);
  const running: Webhook[] = [];
  const agents: Agent[] = [];
  const sockets: Socket[] = [];

  return {
    /** Two certificates of different authorities; webhooks start with the first. */
    certificates,

    /** A webhook of the default options, or of these instead. */
    start: async (options: Partial<WebhookOptions> = {}) => {
      const [certificate] = await certificates;
      const metrics = new Registry();
      const log = { info: jest.fn(), error: jest.fn() };
      const webhook = await startWebhook({
        port: 0,
        podName: "operator-1",
        certificate,
        ...testKnowledge(),
        metrics,
        log,
        drainMilliseconds: 0,
        ...options,
      });
      running.push(webhook);
      return { webhook, target: { port: webhook.port, ca: certificate.ca }, log, metrics };
    },

    /** An open connection of TLS. */
    openConnection: async (...to: Parameters<typeof handshake>) => {
      const client = await handshake(...to);
      sockets.push(client.socket);
      return client;
    },

    plainConnection: (port: number): Socket => {
      const socket = connect(port, "localhost");
      sockets.push(socket);
      return socket;
    },

    /** The same target over one connection that is kept open, as an API server does. */
    keptOpen: (target: Target): Target => {
      const agent = new Agent({ keepAlive: true, maxSockets: 1 });
      agents.push(agent);
      return { ...target, agent };
    },

    close: async () => {
      for (const client of [...agents.splice(0), ...sockets.splice(0)]) client.destroy();
      await Promise.all(running.splice(0).map((webhook) => webhook.close()));
    },
  };
}
