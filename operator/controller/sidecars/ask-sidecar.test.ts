import { execFile } from "node:child_process";
import type { Socket } from "node:net";
import { join } from "node:path";
import { promisify } from "node:util";
import { afterEach, describe, expect, jest, test } from "@jest/globals";
import {
  type Answer,
  answeringServers,
  byteByByte,
  endlessly,
  headOf,
  nowAndThen,
  says,
} from "../../http/testing/answering-servers.ts";
import { askSidecar } from "./ask-sidecar.ts";

// Machines that run everything at once are slow; what is measured, is measured in the tests.
jest.setTimeout(30_000);

/** The deadline of one second, and what a busy machine may take on top. */
const MOST_MILLISECONDS = 10_000;

const { serve, asked, sockets, close } = answeringServers();
afterEach(close);

const ask = (port: number) => askSidecar({ ip: "127.0.0.1", port }, () => true);

test("asks for /status and nothing else, and gives the body", async () => {
  const port = await serve(says('{"ready":true}'));
  expect(await ask(port)).toBe('{"ready":true}');
  expect(asked).toHaveLength(1);
  expect(asked[0]).toMatch(/^GET \/status HTTP\/1\.1\r\n/);
});

test("a proxy in the environment is not used", async () => {
  const port = await serve(says("{}"));
  const file = join(import.meta.dirname, "ask-sidecar.ts");
  // Node reads these variables once, when it starts.
  const env = { NODE_USE_ENV_PROXY: "1", HTTP_PROXY: "http://127.0.0.1:1", NO_PROXY: "" };
  const script = `import { askSidecar } from ${JSON.stringify(file)};
    console.log(await askSidecar({ ip: "127.0.0.1", port: ${port} }, () => true));`;
  const program = promisify(execFile);
  const flags = ["--disable-warning=ExperimentalWarning", "--input-type=module", "-e"];
  const { stdout } = await program(process.execPath, [...flags, script], { env, timeout: 20_000 });
  expect(stdout).toBe("{}\n");
});

test("the longest body that a sidecar writes is read, also in chunks and behind a proxy's head", async () => {
  const body = "x".repeat(4_096);
  const head = `HTTP/1.1 200 OK\r\nx-envoy: ${"y".repeat(1_000)}\r\ntransfer-encoding: chunked\r\n\r\n`;
  const port = await serve((socket) => socket.end(`${head}1000\r\n${body}\r\n0\r\n\r\n`));
  expect(await ask(port)).toBe(body);
});

/** After it, Node.js says that the request is closed, and nothing more. */
const SWITCHING = "HTTP/1.1 101 Switching Protocols\r\nConnection: Upgrade\r\nUpgrade: x\r\n\r\n";
/** Less than Node.js' parser takes of it. */
const WRAPPED_ONCE = `HTTP/1.1 200 OK\r\ntransfer-encoding: chunked\r\n\r\n2;${"x".repeat(13_000)}\r\n{}\r\n0\r\n\r\n`;
const EARLY_HINTS = "HTTP/1.1 103 Early Hints\r\n\r\n".repeat(500);
const HOSTILE: [string, Answer][] = [
  ["silence", () => undefined],
  ["a head and silence", (socket) => socket.write(headOf(10))],
  ["a body that stops halfway", (socket) => socket.end(`${headOf(100)}half`)],
  ["a byte now and then", (socket) => trickle(socket)],
  ["an endless body", (socket) => endlessly(socket, `HTTP/1.1 200 OK\r\n\r\n${"x".repeat(999)}`)],
  ["an endless head", (socket) => endlessly(socket, `HTTP/1.1 200 OK\r\nx: ${"x".repeat(999)}`)],
  ["endless answers before the answer", (socket) => endlessly(socket, EARLY_HINTS)],
  ["chunks in endless wrapping", (socket) => wrapped(socket)],
  ["a chunk in more wrapping than an answer has", (socket) => socket.end(WRAPPED_ONCE)],
  [
    "a head of 5 KiB",
    (socket) => socket.end(`HTTP/1.1 200 OK\r\nx: ${"y".repeat(5_120)}\r\n\r\n{}`),
  ],
  ["a body byte by byte", (socket) => byteByByte(socket, `${headOf(250)}${"x".repeat(250)}`)],
  ["5 KiB", says("x".repeat(5_120))],
  ["a redirect", (socket) => redirect(socket)],
  ["another protocol from now on", (socket) => socket.write(SWITCHING)],
  ["an error", says("{}", "500 No")],
  ["another protocol", (socket) => socket.end("ERROR\r\n")],
  ["an end", (socket) => socket.destroy()],
];

function trickle(socket: Socket): void {
  socket.write(headOf(4_000));
  nowAndThen(socket, "x");
}

function wrapped(socket: Socket): void {
  socket.write("HTTP/1.1 200 OK\r\ntransfer-encoding: chunked\r\n\r\n");
  endlessly(socket, `1;${"x".repeat(8_000)}\r\nx\r\n`);
}

let redirectedTo: number;
function redirect(socket: Socket): void {
  const location = `location: http://127.0.0.1:${redirectedTo}/status\r\n`;
  socket.end(`HTTP/1.1 302 Found\r\n${location}content-length: 0\r\n\r\n`);
}

describe("no answer, and soon", () => {
  test.each(HOSTILE)("%s", async (_, answer) => {
    redirectedTo = await serve(says("followed"));
    const port = await serve(answer);
    const startedAt = performance.now();
    expect(await ask(port)).toBeUndefined();
    expect(performance.now() - startedAt).toBeLessThan(MOST_MILLISECONDS);
    expect(asked).toHaveLength(1);
    // Whatever came, it was not read to its end: what the kernel has buffered is all that could be written.
    for (const socket of sockets) expect(socket.bytesWritten).toBeLessThan(10_000_000);
  });

  test("a port that nobody listens on", async () => {
    const port = await serve(() => undefined);
    await close();
    expect(await ask(port)).toBeUndefined();
  });
});

test.each([
  "127.0.0.1",
  "::ffff:127.0.0.1",
  "::127.0.0.1",
  "169.254.169.254",
  "100.100.100.200",
  "web.shop.svc",
  "10.0.0.1/x",
  "",
])("%s is no pod's address and is not asked", async (ip) => {
  const port = await serve(says("{}"));
  expect(await askSidecar({ ip, port })).toBeUndefined();
  expect(asked).toStrictEqual([]);
});
