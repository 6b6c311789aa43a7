/**
 * Answers probes, status and metrics over HTTP from what is known already; no request starts a check.
 * Anyone who reaches the pod can reach this port, so every wait and every buffer here has a bound.
 * On bare sockets: Node's own HTTP server reads and keeps as many requests of a connection as arrive.
 */
import { type AddressInfo, createServer, type Server } from "node:net";
import { LIVE_PATH, METRICS_PATH, READY_PATH, STATUS_PATH } from "../../api/names.ts";
import type { Readiness } from "../readiness.ts";
import { admitConnections, type ConnectionLimits } from "./admit-connections.ts";
import { readyAnswer, statusAnswer } from "./answers.ts";
import { METRICS_CONTENT_TYPE, metrics, type ProgramView } from "./metrics.ts";
import { onceASecond } from "./once-a-second.ts";
import {
  type Answer,
  type AnswerRequest,
  type Client,
  serveConnection,
} from "./serve-connection.ts";

/**
 * More than all that ask one pod open together, even where a proxy makes one address of them: a kubelet three in a
 * second at most (one of readiness, or two where one is late, and one of liveness), the pods of a fleet 25, and now and
 * then a scraper, the operator and a person who looks. An answer takes about 0.25 ms of the 100 ms of CPU that a
 * sidecar has in a second by default: all that these admit, 150, leave most of it for refusals and checks. With 420,
 * 400 connections a second from 60 addresses had probes of the kubelet fail.
 */
const LIMITS: ConnectionLimits = { open: 128, perSecond: 40, perAddress: 3, reserve: 64 };

type Handler = (client: Client) => Answer | Promise<Answer>;

/** What else is done while the program is awake for a request, and what else is said. */
export interface ProbeServerOptions {
  /** Called before a probe of /readyz is answered, once a second at most however many come. Must not throw. */
  onProbe?: () => void;
  /** What /metrics says of the program itself, once a second at most. Must not throw. */
  program?: () => ProgramView;
}

function handlers(
  readiness: Readiness,
  { onProbe = () => undefined, program = () => ({}) }: ProbeServerOptions,
): ReadonlyMap<string, Handler> {
  const awake = onceASecond(onProbe);
  const ready: Handler = (client) => {
    awake();
    const answer = () => readyAnswer(readiness.view());
    return readiness.awaitsResults()
      ? readiness.firstResults(client.gone()).then(answer)
      : answer();
  };
  // Probes are told what is so now. These are long, and cost more than everything else of an answer.
  const status = onceASecond(() => statusAnswer(readiness.view()));
  const metricsText = onceASecond(() => metrics(readiness.view(), program()));
  return new Map<string, Handler>([
    // Knows no dependency: a restart of the sidecar would not bring a database back.
    [LIVE_PATH, () => ({ status: 200, body: "ok" })],
    [READY_PATH, ready],
    [STATUS_PATH, () => ({ status: 200, body: status(), contentType: "application/json" })],
    [METRICS_PATH, () => ({ status: 200, body: metricsText(), contentType: METRICS_CONTENT_TYPE })],
  ]);
}

function router(readiness: Readiness, options: ProbeServerOptions): AnswerRequest {
  const routes = handlers(readiness, options);
  return ({ method, path }, client) => {
    const handler = routes.get(path);
    if (handler === undefined) return { status: 404, body: "not found" };
    if (method !== "GET") return { status: 405, body: "GET only", allow: "GET" };
    return handler(client);
  };
}

/** A server for this pod that does not listen yet. */
export function createProbeServer(readiness: Readiness, options: ProbeServerOptions = {}): Server {
  const { blockList, hold, refused } = admitConnections(LIMITS);
  const program = () => ({ ...options.program?.(), refusedConnections: refused() });
  const answerRequest = router(readiness, { ...options, program });
  // Half open: a client that has no more to send may still wait for its answer.
  return createServer({ allowHalfOpen: true, blockList }, (socket) => {
    if (hold(socket)) serveConnection(socket, answerRequest);
  });
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
