/** Clients that are slow on purpose: each has seconds, and then it is cut. */
import { setTimeout as sleep } from "node:timers/promises";
import { afterEach, beforeEach, expect, test } from "@jest/globals";
import { unreadBytes } from "../../http/testing/unread-bytes.ts";
import type { AnswerRequest } from "./serve-connection.ts";
import { type ConnectionServer, GET, startConnectionServer } from "./testing/connection-server.ts";

/** More than the kernel takes for a client that does not read. */
const BIG = "x".repeat(32 * 1024 * 1024);
/** More than the kernel takes in for a client that does not read, and less than it keeps for a server beside that. */
const KEPT = "x".repeat(1024 * 1024);
/** Above the five seconds that a client has for its request, or for reading the answer. */
const EXCHANGE = 8_000;

let server: ConnectionServer;
let answerRequest: AnswerRequest;

beforeEach(async () => {
  server = await startConnectionServer((request, client) => answerRequest(request, client));
});
afterEach(() => server.close());

test("slow clients are cut within seconds, each for its own fault", async () => {
  const startedAt = performance.now();
  const sending = server.open("GET /livez HTTP/1.1\r\n");
  const drip = setInterval(() => sending.socket.write("X: y\r\n"), 1_100);
  const silent = server.open("");
  const staying = server.open(GET, { allowHalfOpen: true });
  answerRequest = ({ path }) => ({ status: 200, body: path === "/big" ? BIG : "ok" });
  const notReading = server.open("GET /big HTTP/1.1\r\n\r\n");
  notReading.socket.pause();
  // Slow in sending and slow in reading, but each within its time: nothing that happened counts against it.
  const patient = server.open("GET /big HTTP/1.1\r\n");
  patient.socket.pause();
  setTimeout(() => patient.socket.write("\r\n"), 3_000);
  setTimeout(() => patient.socket.resume(), 6_000);
  await sleep(1_000);
  expect(await server.connections()).toBe(5);

  const answer = await sending.closed;
  const took = performance.now() - startedAt;
  clearInterval(drip);
  expect(answer).toMatch(/^HTTP\/1.1 408 Request Timeout\r\n/);
  expect(took).toBeLessThan(EXCHANGE);
  expect(await silent.closed).toBe("");
  expect(Buffer.byteLength(await patient.closed)).toBeGreaterThan(BIG.length);
  while ((await server.connections()) > 0 && performance.now() - startedAt < 2 * EXCHANGE)
    await sleep(50);
  expect(await server.connections()).toBe(0);
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
    const { socket } = server.open(GET);
    socket.pause();
    while (unreadBytes(server.port) === 0) await sleep(10);
    if (ends) socket.end();
    await sleep(EXCHANGE);
    expect(unreadBytes(server.port)).toBe(0);
  },
  20_000,
);
