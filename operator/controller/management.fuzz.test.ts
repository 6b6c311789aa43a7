/** Whatever arrives at the management port is answered or refused, the connection ends, and health goes on. */
import type { Server } from "node:http";
import { type AddressInfo, connect } from "node:net";
import { afterAll, beforeAll, expect } from "@jest/globals";
import { Registry } from "prom-client";
import { fuzz } from "../../test/fuzz/fuzz.ts";
import { exchange, statusesOf, strangeRequests } from "../../test/fuzz/strange-http.ts";
import { startManagement } from "./management.ts";

/** The server's own timeout for a request, its clock of one second, and a busy machine. */
const PATIENCE_MILLISECONDS = 10_000;
const MAX_ANSWER_CHARACTERS = 4_000;
const STATUSES = [100, 200, 400, 404, 408, 413, 417, 431, 503];

let server: Server;
beforeAll(async () => {
  const whyNotReady = () => "caches are not synced";
  server = await startManagement({ port: 0, registry: new Registry(), whyNotReady });
});
afterAll(() => {
  server.closeAllConnections();
  server.close();
});

fuzz("whatever arrives at the management port is answered or refused, and the connection ends", {
  input: strangeRequests([
    "GET /healthz HTTP/1.1\r\nHost: x\r\n\r\n",
    "GET /readyz?x HTTP/1.0\r\n\r\n",
    "GET /metrics HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: chunked\r\n\r\n5\r\nhello\r\n0\r\n\r\n",
    "HEAD /%2e%2e/x HTTP/1.1\r\nHost: x\r\nContent-Length: 5\r\n\r\nhello",
  ]),
  runs: 60,
  holds: async (sent) => {
    const { port } = server.address() as AddressInfo;
    const received = await exchange(connect(port, "127.0.0.1"), sent, PATIENCE_MILLISECONDS);
    expect(received.length).toBeLessThan(MAX_ANSWER_CHARACTERS);
    const statuses = statusesOf(received);
    for (const status of statuses) expect(STATUSES).toContain(status);
    // An interim answer and the answer.
    expect(statuses.length).toBeLessThanOrEqual(2);
    // Neither a stack nor a path of ours, which error pages like to show.
    expect(received).not.toMatch(/node_modules|operator\/|\n +at /);
  },
});
