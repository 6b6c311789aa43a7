/** Whatever arrives at the sidecar's port, one answer goes back, or none, and the connection ends. */
import { type AddressInfo, connect, createServer, type Server } from "node:net";
import { afterAll, beforeAll, expect } from "@jest/globals";
import { fuzz } from "../../../test/fuzz/fuzz.ts";
import { exchange, statusesOf, strangeRequests } from "../../../test/fuzz/strange-http.ts";
import { serveConnection } from "./serve-connection.ts";

/** A client that has ended is answered at once; this is for a busy machine. */
const PATIENCE_MILLISECONDS = 10_000;
const MAX_ANSWER_CHARACTERS = 1_000;
const STATUSES = [200, 400, 408, 431, 500];

let server: Server;

beforeAll(async () => {
  server = createServer({ allowHalfOpen: true }, (socket) =>
    serveConnection(socket, ({ path }) => {
      if (path === "/fails") return Promise.reject(new Error("of ours"));
      return path === "/later"
        ? Promise.resolve({ status: 200, body: "later" })
        : { status: 200, body: "ok" };
    }),
  );
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
});
afterAll(() => {
  server.close();
});

fuzz("whatever arrives at the sidecar's port gets one answer at most, and the connection ends", {
  input: strangeRequests([
    "GET /readyz HTTP/1.1\r\nHost: x\r\n\r\n",
    "HEAD /later?x HTTP/1.0\r\n\r\n",
    "GET http://10.0.0.1:8080/fails HTTP/1.1\r\nHost: x\r\n\r\nbody",
  ]),
  runs: 100,
  holds: async (sent) => {
    const { port } = server.address() as AddressInfo;
    const received = await exchange(connect(port, "127.0.0.1"), sent, PATIENCE_MILLISECONDS);
    expect(received.length).toBeLessThan(MAX_ANSWER_CHARACTERS);
    const statuses = statusesOf(received);
    expect(statuses.length).toBeLessThanOrEqual(1);
    for (const status of statuses) expect(STATUSES).toContain(status);
    // Answers say nothing that was sent, and nothing else comes but answers.
    if (received !== "") expect(received).toMatch(/^HTTP\/1\.1 \d{3} [A-Z][A-Za-z ]+\r\nDate: /);
  },
});
