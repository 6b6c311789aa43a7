/**
 * Answers that nobody takes. The connections are streams without a buffer of the kernel, which on the
 * loopback interface takes in even the largest answer.
 */
import { createServer } from "node:http";
import { Duplex } from "node:stream";
import { afterEach, expect, jest, test } from "@jest/globals";
import { bytesInFlight, type Hold } from "./bytes-in-flight.ts";
import { sendAnswer } from "./send-answer.ts";

const ANSWER = { status: 200, body: "x".repeat(1_000) };

const connections: Duplex[] = [];
afterEach(() => {
  for (const connection of connections.splice(0)) connection.destroy();
});

/** Asks on a new connection, whose client takes no byte until `taken`; resolves when an answer is on its way. */
function ask(hold: Hold, taken: Promise<void>, answer = ANSWER): Promise<void> {
  const connection = new Duplex({
    read() {},
    write: (_chunk, _encoding, done) => void taken.then(() => done()),
  });
  connections.push(connection);
  return new Promise((resolve) => {
    const server = createServer((_, response) => {
      sendAnswer(response, answer, { close: true, hold });
      resolve();
    });
    server.emit("connection", connection);
    connection.push("GET / HTTP/1.1\r\nHost: localhost\r\n\r\n");
  });
}

test("of answers that are not taken, those over the limit are dropped with their connections", async () => {
  // Each counts twice.
  const hold = bytesInFlight(3 * 2 * ANSWER.body.length);
  const never = new Promise<void>(() => {});
  for (let i = 0; i < 5; i++) await ask(hold, never);
  expect(connections.filter(({ destroyed }) => destroyed)).toHaveLength(2);
});

test("an answer counts until it was taken", async () => {
  const { promise: released, resolve: release } = Promise.withResolvers<void>();
  const holding = { add: jest.fn(), release: jest.fn(release) };
  const { promise: taken, resolve: take } = Promise.withResolvers<void>();
  await ask(() => holding, taken);
  expect(holding.add.mock.calls).toStrictEqual([[2 * ANSWER.body.length]]);
  expect(holding.release).not.toHaveBeenCalled();
  take();
  await released;
});

test.each([
  [503, "Retry-After: 1"],
  [413, undefined],
  [200, undefined],
])("an answer of %d tells API servers to send the review again: %s", async (status, line) => {
  const connection = new Duplex({ read() {}, write: (_chunk, _encoding, done) => done() });
  connections.push(connection);
  const write = jest.spyOn(connection, "write");
  const sent = new Promise((resolve) => connection.once("finish", resolve));
  const server = createServer((_, response) => {
    sendAnswer(response, { status, body: "{}" }, { close: true, hold: bytesInFlight(1_000) });
  });
  server.emit("connection", connection);
  connection.push("GET / HTTP/1.1\r\nHost: localhost\r\n\r\n");
  await sent;
  expect(/^Retry-After.*$/m.exec(String(write.mock.calls[0]?.[0]))?.[0].trim()).toBe(line);
});
