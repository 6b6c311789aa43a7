/** The https server that the API server calls: TLS, limits, reload of the certificate, drain. */
import { constants } from "node:crypto";
import type { IncomingMessage, ServerResponse } from "node:http";
import { createServer, type Server } from "node:https";
import type { AddressInfo } from "node:net";
import { setTimeout as sleep } from "node:timers/promises";
import type { Registry } from "prom-client";
import { capConnections } from "../http/cap-connections.ts";
import { helloFirst } from "../http/hello-first.ts";
import { oneRequestAtATime } from "../http/one-request-at-a-time.ts";
import { bytesInFlight } from "./bytes-in-flight.ts";
import type { Knowledge } from "./decide-admission.ts";
import type { Log } from "./log.ts";
import { webhookMetrics } from "./metrics.ts";
import { bodyReader } from "./read-body.ts";
import { expectationFailed, mayStay, type RouteOptions, route } from "./routes.ts";
import { sendAnswer } from "./send-answer.ts";
import { takeTurns } from "./take-turns.ts";

/** The API server waits 3 s for an answer, 5 s at most: a request that takes longer has no reader. */
const REQUEST_TIMEOUT_MILLISECONDS = 5_000;
/** How often Node looks for connections that are over a timeout. */
const TIMEOUT_CHECK_MILLISECONDS = 1_000;
/**
 * Idle connections are kept longer than the API server keeps them (90 s: IdleConnTimeout of Go's
 * default transport). Were we the first to close, a review could be sent into the closing connection
 * and lost, and its pod admitted without a sidecar. That goes for those that were never used as well: Go opens one for
 * each review that finds none free, and sends it over another that gets free before.
 */
const KEEP_ALIVE_MILLISECONDS = 120_000;
/** Connections at one time; an API server opens one per pod that is being created. */
export const MAX_CONNECTIONS = 512;
/**
 * Bytes of all bodies that arrive or wait and of all answers that the kernel has not taken yet: eight of the largest
 * bodies at one time, and a tenth of the memory that the chart gives the operator.
 */
const IN_FLIGHT_LIMIT_BYTES = 24 * 1024 * 1024;
/** From the start of a drain until no more connections are taken: until endpoints have moved on. */
const DRAIN_MILLISECONDS = 5_000;

/** PEM texts. */
export interface Certificate {
  key: string;
  cert: string;
}

export interface WebhookOptions extends Knowledge {
  /** TCP port; 0 takes a free one. */
  port: number;
  /** This replica's pod, whose name is in the answers to proofs. */
  podName: string;
  /** Until there is one, handshakes fail and pods are admitted as they are. */
  certificate?: Certificate | undefined;
  /** Where the webhook's metrics are registered. */
  metrics: Registry;
  log: Log;
  /** How long a closing server still takes connections, in milliseconds; default 5 s. */
  drainMilliseconds?: number;
}

/** A server that takes reviews. */
export interface Webhook {
  port: number;
  /** For all later handshakes; throws when key and certificate cannot be used, and keeps the old ones. */
  setCertificate(certificate: Certificate): void;
  /** Resolves when every review that was taken is answered; after drain and timeout at the latest. */
  close(): Promise<void>;
}

/**
 * A client chooses the curve, and the server's half of a handshake over P-521 takes eight times as long as over
 * P-256: 4.5 ms. API servers know both of these; those under FIPS know P-256.
 * Not TLS 1.3: there a client may change its key with every record, and OpenSSL works through all that were read
 * at once. Of TLS 1.2 the suites that Go's clients offer and that have no known weakness.
 */
const TLS_OPTIONS = {
  minVersion: "TLSv1.2",
  maxVersion: "TLSv1.2",
  ciphers: [
    "ECDHE-ECDSA-AES128-GCM-SHA256",
    "ECDHE-RSA-AES128-GCM-SHA256",
    "ECDHE-ECDSA-AES256-GCM-SHA384",
    "ECDHE-RSA-AES256-GCM-SHA384",
    "ECDHE-ECDSA-CHACHA20-POLY1305",
    "ECDHE-RSA-CHACHA20-POLY1305",
  ].join(":"),
  ecdhCurve: "X25519:P-256",
  // It allows nothing: endAtSecondHandshake says why.
  secureOptions: constants.SSL_OP_ALLOW_UNSAFE_LEGACY_RENEGOTIATION,
} as const;

/**
 * A connection ends where its client begins another handshake. OpenSSL's own way to forbid that is to answer each
 * attempt with an alert and to go on: 64 KiB of attempts took 12 ms. It does so too where the client has never said
 * that it knows the safe way, unless the unsafe one is allowed. So both are let through to Node, which ends the
 * connection before the first of them goes on.
 */
function endAtSecondHandshake(server: Server): void {
  server.on("secureConnection", (socket) => socket.disableRenegotiation());
}

/** Stops at the deadline, whatever is still open then. */
async function stop(server: Server): Promise<void> {
  const closed = new Promise<void>((resolve) => server.close(() => resolve()));
  const deadline = setTimeout(() => server.closeAllConnections(), REQUEST_TIMEOUT_MILLISECONDS);
  await closed;
  clearTimeout(deadline);
}

function listen(server: Server, port: number): Promise<number> {
  return new Promise((resolve, reject) => {
    server.once("error", reject);
    server.listen(port, () => {
      server.off("error", reject);
      resolve((server.address() as AddressInfo).port);
    });
  });
}

/** Starts to take reviews. Rejects when the port cannot be had. */
export async function startWebhook(options: WebhookOptions): Promise<Webhook> {
  const { log, certificate, drainMilliseconds = DRAIN_MILLISECONDS } = options;
  const routeOptions: RouteOptions = {
    knowledge: options,
    podName: options.podName,
    metrics: webhookMetrics(options.metrics),
    log,
  };
  const hold = bytesInFlight(IN_FLIGHT_LIMIT_BYTES);
  const read = bodyReader(hold, takeTurns());
  let draining = false;

  async function handle(request: IncomingMessage, response: ServerResponse): Promise<void> {
    const answer = await route(request, read, routeOptions);
    if (!answer) return;
    sendAnswer(response, answer, { close: draining || !mayStay(request, answer), hold });
  }

  const server = createServer(
    {
      ...TLS_OPTIONS,
      ...certificate,
      handshakeTimeout: REQUEST_TIMEOUT_MILLISECONDS,
      // Node counts these from a connection's beginning too, before anything is asked: requests have a deadline below.
      requestTimeout: KEEP_ALIVE_MILLISECONDS,
      headersTimeout: KEEP_ALIVE_MILLISECONDS,
      connectionsCheckingInterval: TIMEOUT_CHECK_MILLISECONDS,
      keepAliveTimeout: KEEP_ALIVE_MILLISECONDS,
    },
    (request, response) => {
      handle(request, response).catch((error: unknown) => {
        log.error({ error: (error as Error).name }, "a request failed");
        response.destroy();
      });
    },
  );
  // Node's own answer would leave the connection open.
  server.on("checkExpectation", (_, response) =>
    sendAnswer(response, expectationFailed(), { close: true, hold }),
  );
  helloFirst(server, REQUEST_TIMEOUT_MILLISECONDS);
  oneRequestAtATime(server, REQUEST_TIMEOUT_MILLISECONDS);
  capConnections(server, MAX_CONNECTIONS);
  endAtSecondHandshake(server);
  const port = await listen(server, options.port);
  server.on("error", (error) => log.error({ error: error.name }, "the webhook's server failed"));
  let closing: Promise<void> | undefined;

  return {
    port,
    setCertificate: (next) => server.setSecureContext({ ...TLS_OPTIONS, ...next }),
    close: () => {
      draining = true;
      closing ??= sleep(drainMilliseconds).then(() => stop(server));
      return closing;
    },
  };
}
