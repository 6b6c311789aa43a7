/**
 * Answers probes, status and metrics over HTTP from what is known already; no request starts a check.
 * Anyone who reaches the pod can reach this port, so every wait and every buffer here has a bound.
 */
import { createServer, type IncomingMessage, type Server, type ServerResponse } from "node:http";
import type { AddressInfo, Socket } from "node:net";
import { LIVE_PATH, METRICS_PATH, READY_PATH, STATUS_PATH } from "../api/names.ts";
import { readyAnswer, statusAnswer } from "./answers.ts";
import { METRICS_CONTENT_TYPE, metrics } from "./metrics.ts";
import type { Readiness } from "./readiness.ts";

/** Connections kept at once; many times what a kubelet, a mesh and a scraper open. */
const MAX_CONNECTIONS = 128;
/** Longest request head in bytes. */
const MAX_HEADER_BYTES = 8_192;
/** How long a client may take to send its request, in milliseconds. */
const REQUEST_MILLISECONDS = 5_000;
/** How often slow clients are looked for, in milliseconds. */
const SWEEP_MILLISECONDS = 1_000;
/** A client that neither sends nor reads; above the longest probe timeout of the API, 60 s. */
const IDLE_MILLISECONDS = 65_000;

interface Answer {
  status: number;
  body: string;
  contentType?: string;
  allow?: string;
}

type Handler = (signal: AbortSignal) => Answer | Promise<Answer>;

function handlers(readiness: Readiness): ReadonlyMap<string, Handler> {
  const live = () => ({ status: 200, body: "ok" });
  const ready = async (signal: AbortSignal) => {
    await readiness.firstResults(signal);
    return readyAnswer(readiness.view());
  };
  const status = () => ({
    status: 200,
    body: statusAnswer(readiness.view()),
    contentType: "application/json",
  });
  const numbers = () => ({
    status: 200,
    body: metrics(readiness.view()),
    contentType: METRICS_CONTENT_TYPE,
  });
  return new Map<string, Handler>([
    // Knows no dependency: a restart of the sidecar would not bring a database back.
    [LIVE_PATH, live],
    [READY_PATH, ready],
    [STATUS_PATH, status],
    [METRICS_PATH, numbers],
  ]);
}

function send(response: ServerResponse, { status, body, contentType, allow }: Answer): void {
  response.writeHead(status, {
    "Content-Type": contentType ?? "text/plain; charset=utf-8",
    "Content-Length": Buffer.byteLength(body),
    "Cache-Control": "no-store",
    "X-Content-Type-Options": "nosniff",
    // The kubelet opens a connection for each probe. Keeping others would only spend the cap.
    Connection: "close",
    ...(allow === undefined ? {} : { Allow: allow }),
  });
  response.end(body);
}

/**
 * Ends the oldest connection when there are too many. Refusing the newest instead would let a client
 * that holds idle connections keep the kubelet out, and so make the pod unready.
 */
function capConnections(server: Server): void {
  const open = new Set<Socket>();
  server.on("connection", (socket) => {
    const [oldest] = open;
    if (open.size >= MAX_CONNECTIONS) oldest?.destroy();
    open.add(socket);
    socket.once("close", () => open.delete(socket));
  });
}

async function answer(
  routes: ReadonlyMap<string, Handler>,
  request: IncomingMessage,
  signal: AbortSignal,
): Promise<Answer> {
  const [path = ""] = (request.url ?? "").split("?", 1);
  const handler = routes.get(path);
  if (handler === undefined) return { status: 404, body: "not found" };
  if (request.method !== "GET") return { status: 405, body: "GET only", allow: "GET" };
  return handler(signal);
}

/** An HTTP server for this pod that does not listen yet. */
export function createProbeServer(readiness: Readiness): Server {
  const routes = handlers(readiness);
  const server = createServer(
    {
      maxHeaderSize: MAX_HEADER_BYTES,
      headersTimeout: REQUEST_MILLISECONDS,
      requestTimeout: REQUEST_MILLISECONDS,
      connectionsCheckingInterval: SWEEP_MILLISECONDS,
    },
    (request, response) => {
      const gone = new AbortController();
      response.once("close", () => gone.abort());
      answer(routes, request, gone.signal).then(
        (result) => send(response, result),
        () => send(response, { status: 500, body: "InternalError" }),
      );
    },
  );
  server.timeout = IDLE_MILLISECONDS;
  server.maxHeadersCount = 64;
  capConnections(server);
  return server;
}

function listenOn(server: Server, host: string, port: number): Promise<AddressInfo> {
  return new Promise((resolve, reject) => {
    server.once("error", reject);
    server.listen({ host, port }, () => {
      server.off("error", reject);
      resolve(server.address() as AddressInfo);
    });
  });
}

/** Listens on every address of the pod. Rejects with the system's error when the port is taken. */
export async function listen(server: Server, port: number): Promise<AddressInfo> {
  try {
    return await listenOn(server, "::", port);
  } catch (error) {
    const { code } = error as NodeJS.ErrnoException;
    // The node has no IPv6.
    if (code !== "EAFNOSUPPORT" && code !== "EADDRNOTAVAIL") throw error;
    return listenOn(server, "0.0.0.0", port);
  }
}
