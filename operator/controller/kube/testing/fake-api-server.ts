/** For tests: an HTTP server that answers as an API server would, or as a broken one. */
import http from "node:http";
import type { AddressInfo } from "node:net";
import { setTimeout as sleep } from "node:timers/promises";
import type { ApiCall } from "../api-call.ts";
import { createKubeClient, type KubeAccess, type KubeClient } from "../kube-client.ts";

/** The longest a test waits for anything, unless it says otherwise. */
const PATIENCE_MILLISECONDS = 10_000;

/** A request as the fake got it. */
export interface Seen {
  method: string;
  path: string;
  query: URLSearchParams;
  headers: http.IncomingHttpHeaders;
  body: unknown;
}

export type Handler = (seen: Seen, response: http.ServerResponse) => void;

/** A running fake. */
export interface FakeApi {
  client: KubeClient;
  url: string;
  /** Every request so far, in order. */
  seen: Seen[];
  /** Connections that are open now. */
  connections(): Promise<number>;
  close(): Promise<void>;
}

/** Answers with JSON. */
export function reply(response: http.ServerResponse, code: number, body: unknown): void {
  response.writeHead(code, { "content-type": "application/json" });
  response.end(JSON.stringify(body));
}

/** Answers with an error of the API server. */
export function refuse(response: http.ServerResponse, code: number, reason: string): void {
  reply(response, code, { kind: "Status", status: "Failure", code, reason, message: `${reason}!` });
}

async function readBody(request: http.IncomingMessage): Promise<unknown> {
  let text = "";
  for await (const chunk of request) text += chunk;
  return text === "" ? undefined : JSON.parse(text);
}

/** A client for the server at `url`. */
export function clientOf(url: string, onCall?: (call: ApiCall) => void): KubeClient {
  const access: KubeAccess = {
    getCurrentCluster: () => ({ name: "fake", server: url, skipTLSVerify: true }),
    applyToHTTPSOptions: async (options) => {
      options.headers = { ...options.headers, Authorization: "Bearer the-token" };
    },
  };
  return createKubeClient(access, onCall);
}

/** Starts a fake on a free port. */
export async function startFakeApi(handle: Handler): Promise<FakeApi> {
  const seen: Seen[] = [];
  const server = http.createServer((request, response) => {
    const url = new URL(request.url ?? "/", "http://fake");
    readBody(request).then(
      (body) => {
        const { method = "", headers } = request;
        const one = { method, path: url.pathname, query: url.searchParams, headers, body };
        seen.push(one);
        handle(one, response);
      },
      () => response.destroy(),
    );
  });
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  const url = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
  return {
    client: clientOf(url),
    url,
    seen,
    connections: () =>
      new Promise((resolve, reject) =>
        server.getConnections((error, count) => (error ? reject(error) : resolve(count))),
      ),
    close: async () => {
      server.closeAllConnections();
      await new Promise((resolve) => server.close(resolve));
    },
  };
}

/** Resolves when `condition` holds; rejects after `milliseconds`, naming what was waited for. */
export async function until(
  what: string,
  condition: () => boolean | Promise<boolean>,
  milliseconds = PATIENCE_MILLISECONDS,
): Promise<void> {
  const end = performance.now() + milliseconds;
  while (!(await condition())) {
    if (performance.now() > end) throw new Error(`waited in vain: ${what}`);
    await sleep(5);
  }
}
