import { type AddressInfo, createServer, type Server, type Socket } from "node:net";
import { afterEach, expect, jest, test } from "@jest/globals";
import { ASK_MILLISECONDS } from "../../api/timing.ts";
import { askPeer } from "./ask-peer.ts";

// A busy machine is slow; the deadline is measured in the tests.
jest.setTimeout(30_000);

const servers: Server[] = [];
const sockets = new Set<Socket>();
let asked: string[] = [];
afterEach(() => {
  for (const server of servers.splice(0)) server.close();
  for (const socket of sockets) socket.destroy();
  sockets.clear();
  asked = [];
});

/** A server that does this with each connection once it has been asked; resolves with its port. */
async function serve(answer: (socket: Socket) => void): Promise<number> {
  const server = createServer((socket) => {
    sockets.add(socket);
    socket.on("error", () => undefined);
    socket.once("data", (data) => {
      asked.push(data.toString());
      answer(socket);
    });
  });
  servers.push(server);
  const { promise, resolve } = Promise.withResolvers<void>();
  server.listen(0, "127.0.0.1", resolve);
  await promise;
  return (server.address() as AddressInfo).port;
}

const ask = (port: number) => askPeer({ ip: "127.0.0.1", port }, () => true);
const head = (length: number | string, status = "200 OK") =>
  `HTTP/1.1 ${status}\r\nContent-Length: ${length}\r\nConnection: close\r\n\r\n`;

test("asks for /status and nothing else, and gives the body", async () => {
  const port = await serve((socket) => socket.end(`${head(5)}{"é"`));
  expect(await ask(port)).toBe('{"é"');
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
  expect(await ask(port)).toBe(body);
});

/** Writes `text` again and again while anybody reads it. */
function endlessly(socket: Socket, text: string): void {
  const much = text.repeat(1_000);
  const go = () => {
    while (socket.writable && socket.write(much));
  };
  socket.on("drain", go);
  go();
}

test.each<[string, (socket: Socket) => void]>([
  ["nothing, and hangs up", (socket) => socket.end()],
  ["a reset", (socket) => socket.resetAndDestroy()],
  ["no HTTP", (socket) => socket.write("SSH-2.0-x\r\n")],
  [
    "a redirect",
    (socket) => socket.end(`${head(0, "302 Found\r\nLocation: http://127.0.0.1:1/")}`),
  ],
  ["an error", (socket) => socket.end(`${head(2, "503 Service Unavailable")}no`)],
  ["a body without a length", (socket) => socket.end("HTTP/1.1 200 OK\r\n\r\n{}")],
  [
    "a body in chunks",
    (socket) =>
      socket.end("HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n2\r\n{}\r\n0\r\n\r\n"),
  ],
  ["a body that is too long", (socket) => socket.write(head(4_097))],
  ["a body that ends too early", (socket) => socket.end(`${head(10)}half`)],
  ["another protocol", (socket) => socket.write("HTTP/1.1 101 Switching Protocols\r\n\r\n")],
  ["answers before the answer", (socket) => endlessly(socket, "HTTP/1.1 103 Early Hints\r\n\r\n")],
  ["a head without end", (socket) => endlessly(socket, "x: y\r\n")],
  ["a line without end", (socket) => endlessly(socket, "HTTP/1.1 200 xxxxxxxxxxxxxxxxx")],
])("%s is no answer, at once", async (_name, answer) => {
  const startedAt = performance.now();
  expect(await ask(await serve(answer))).toBeUndefined();
  expect(performance.now() - startedAt).toBeLessThan(ASK_MILLISECONDS - 100);
});

test.each<[string, (socket: Socket) => void]>([
  ["silence", () => undefined],
  ["a head and silence", (socket) => socket.write(head(10))],
  [
    "a byte now and then",
    (socket) => {
      const timer = setInterval(() => socket.write("H"), 100);
      socket.on("close", () => clearInterval(timer));
    },
  ],
])("%s is no answer, within a second", async (_name, answer) => {
  const port = await serve(answer);
  const startedAt = performance.now();
  expect(await ask(port)).toBeUndefined();
  expect(performance.now() - startedAt).toBeLessThan(10 * ASK_MILLISECONDS);
  const [socket] = sockets;
  if (socket && !socket.destroyed) await new Promise((resolve) => socket.once("close", resolve));
});

test("an address that no pod has is not dialled", async () => {
  const port = await serve(() => undefined);
  expect(await askPeer({ ip: "127.0.0.1", port })).toBeUndefined();
  expect(sockets.size).toBe(0);
});

test("nothing listens there", async () => {
  const port = await serve(() => undefined);
  servers[0]?.close();
  expect(await ask(port)).toBeUndefined();
});
