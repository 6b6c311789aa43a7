import { afterEach, expect, jest, test } from "@jest/globals";
import { ASK_MILLISECONDS } from "../../api/timing.ts";
import {
  type Answer,
  answeringServers,
  byteByByte,
  endlessly,
  headOf,
  nowAndThen,
  says,
} from "../../http/testing/answering-servers.ts";
import { askPeer } from "./ask-peer.ts";

// A busy machine is slow; the deadline is measured in the tests.
jest.setTimeout(30_000);

const { serve, asked, sockets, close } = answeringServers();
afterEach(close);

const ask = (port: number) => askPeer({ ip: "127.0.0.1", port }, () => true);

test("asks for /status and nothing else, and gives the body", async () => {
  const port = await serve(says('{"é"'));
  expect(await ask(port)).toStrictEqual({ body: '{"é"' });
  expect(asked).toStrictEqual([
    `GET /status HTTP/1.1\r\nHost: 127.0.0.1:${port}\r\nConnection: close\r\n\r\n`,
  ]);
});

test("the longest body that a sidecar writes, in pieces and behind a proxy's head", async () => {
  const body = "x".repeat(4_096);
  const port = await serve((socket) => {
    socket.write(`HTTP/1.1 200 OK\r\nx-envoy: ${"y".repeat(1_000)}\r\n`);
    setImmediate(() => {
      socket.write(`content-length: 4096\r\n\r\n${body.slice(0, 99)}`);
      setImmediate(() => socket.write(body.slice(99)));
    });
  });
  expect(await ask(port)).toStrictEqual({ body });
});

test.each<[string, Answer]>([
  ["hangs up", (socket) => socket.end()],
  ["resets the connection", (socket) => socket.resetAndDestroy()],
])("one that %s is there", async (_name, answer) => {
  expect(await ask(await serve(answer))).toBe("HungUp");
});

test.each<[string, Answer]>([
  ["no HTTP", (socket) => socket.write("SSH-2.0-x\r\n")],
  ["a redirect", says("", "302 Found\r\nLocation: http://127.0.0.1:1/")],
  ["an error", says("no", "503 Service Unavailable")],
  ["a body without a length", (socket) => socket.end("HTTP/1.1 200 OK\r\n\r\n{}")],
  [
    "a body in chunks",
    (socket) =>
      socket.end("HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n2\r\n{}\r\n0\r\n\r\n"),
  ],
  ["a body that is too long", (socket) => socket.write(headOf(4_097))],
  ["a body that ends too early", (socket) => socket.end(`${headOf(10)}half`)],
  ["another protocol", (socket) => socket.write("HTTP/1.1 101 Switching Protocols\r\n\r\n")],
  ["answers before the answer", (socket) => endlessly(socket, "HTTP/1.1 103 Early Hints\r\n\r\n")],
  ["a head without end", (socket) => endlessly(socket, "x: y\r\n")],
  ["a line without end", (socket) => endlessly(socket, "HTTP/1.1 200 xxxxxxxxxxxxxxxxx")],
])("%s is no answer, at once", async (_name, answer) => {
  const startedAt = performance.now();
  expect(await ask(await serve(answer))).toBe("Silent");
  expect(performance.now() - startedAt).toBeLessThan(ASK_MILLISECONDS - 100);
});

test.each<[string, Answer]>([
  ["silence", () => undefined],
  ["a head and silence", (socket) => socket.write(headOf(10))],
  ["a byte now and then", (socket) => nowAndThen(socket, "H")],
])("%s is no answer, within a second", async (_name, answer) => {
  const port = await serve(answer);
  const startedAt = performance.now();
  expect(await ask(port)).toBe("Silent");
  expect(performance.now() - startedAt).toBeLessThan(10 * ASK_MILLISECONDS);
  const [socket] = sockets;
  if (socket && !socket.destroyed) await new Promise((resolve) => socket.once("close", resolve));
});

test("an answer byte by byte is none, however short", async () => {
  const port = await serve((socket) => byteByByte(socket, `${headOf(100)}${"x".repeat(100)}`));
  expect(await ask(port)).toBe("Silent");
});

test("an address that no pod has is not dialled", async () => {
  const port = await serve(() => undefined);
  expect(await askPeer({ ip: "127.0.0.1", port })).toBe("Silent");
  expect(sockets.size).toBe(0);
});

test("nothing listens there", async () => {
  const port = await serve(() => undefined);
  await close();
  expect(await ask(port)).toBe("Silent");
});
