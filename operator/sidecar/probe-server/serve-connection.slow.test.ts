/** Clients that are slow on purpose: each has seconds, and then it is cut. */
import { once } from "node:events";
import { type AddressInfo, createServer, type Server } from "node:net";
import { setTimeout as sleep } from "node:timers/promises";
import { afterEach, beforeEach, expect, test } from "@jest/globals";
import { unreadBytes } from "../../http/testing/unread-bytes.ts";
import { type RawClient, type RawClientOptions, rawClient } from "../testing/raw-client.ts";
import { type AnswerRequest, serveConnection } from "./serve-connection.ts";

const GET = "GET /livez HTTP/1.1\r\nHost: x\r\n\r\n";
/** More than the kernel takes for a client that does not read. */
const BIG = "x".repeat(32 * 1024 * 1024);
/** More than the kernel takes in for a client that does not read, and less than it keeps for a server beside that. */
const KEPT = "x".repeat(1024 * 1024);
/** Above the five seconds that a client has for its request, or for reading the answer. */
const EXCHANGE = 8_000;

let server: Server;
let port: number;
let answerRequest: AnswerRequest;
let clients: RawClient[];

beforeEach(async () => {
  clients = [];
  answerRequest = () => ({ status: 200, body: "ok" });
  server = createServer({ allowHalfOpen: true }, (socket) =>
    serveConnection(socket, (request, client) => answerRequest(request, client)),
  );
  server.listen(0, "127.0.0.1");
  await once(server, "listening");
  ({ port } = server.address() as AddressInfo);
});
afterEach(async () => {
  for (const { socket } of clients) socket.destroy();
  server.close();
  await once(server, "close");
});

function open(text: string, options: RawClientOptions = {}): RawClient {
  const client = rawClient(port, text, options);
  clients.push(client);
  return client;
}
const connections = () =>
  new Promise<number>((resolve) => server.getConnections((_, count) => resolve(count)));

test("slow clients are cut within seconds, each for its own fault", async () => {
  const startedAt = performance.now();
  const sending = open("GET /livez HTTP/1.1\r\n");
  const drip = setInterval(() => sending.socket.write("X: y\r\n"), 1_100);
  const silent = open("");
  const staying = open(GET, { allowHalfOpen: true });
  answerRequest = ({ path }) => ({ status: 200, body: path === "/big" ? BIG : "ok" });
  const notReading = open("GET /big HTTP/1.1\r\n\r\n");
  notReading.socket.pause();
  // Slow in sending and slow in reading, but each within its time: nothing that happened counts against it.
  const patient = open("GET /big HTTP/1.1\r\n");
  patient.socket.pause();
  setTimeout(() => patient.socket.write("\r\n"), 3_000);
  setTimeout(() => patient.socket.resume(), 6_000);
  await sleep(1_000);
  expect(await connections()).toBe(5);

  const answer = await sending.closed;
  const took = performance.now() - startedAt;
  clearInterval(drip);
  expect(answer).toMatch(/^HTTP\/1.1 408 Request Timeout\r\n/);
  expect(took).toBeLessThan(EXCHANGE);
  expect(await silent.closed).toBe("");
  expect(Buffer.byteLength(await patient.closed)).toBeGreaterThan(BIG.length);
  while ((await connections()) > 0 && performance.now() - startedAt < 2 * EXCHANGE) await sleep(50);
  expect(await connections()).toBe(0);
  expect(staying.received()).toMatch(/ok$/);
  expect(notReading.socket.bytesRead).toBeLessThan(BIG.length);
}, 20_000);

test.each([
  ["keeps its side open", false],
  ["has ended its side", true],
])(
  "an answer that the kernel has taken is gone when a client that never reads it %s",
  async (_, ends) => {
    answerRequest = () => ({ status: 200, body: KEPT });
    const { socket } = open(GET);
    socket.pause();
    while (unreadBytes(port) === 0) await sleep(10);
    if (ends) socket.end();
    await sleep(EXCHANGE);
    expect(unreadBytes(port)).toBe(0);
  },
  20_000,
);
