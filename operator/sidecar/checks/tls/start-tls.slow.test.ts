import { once } from "node:events";
import { connect as openSocket, type Socket } from "node:net";
import { setTimeout as sleep } from "node:timers/promises";
import { connect as plainTls, type TLSSocket } from "node:tls";
import { afterEach, beforeEach, describe, expect, jest, test } from "@jest/globals";
import { MAX_CHUNKS } from "../network/read-until.ts";
import { reasonOfError } from "../reason-of-error.ts";
import type { ServerCertificate } from "../testing/certificates.ts";
import { startFakeServer, writeForEver } from "../testing/fake-server.ts";
import { MAX_HANDSHAKE_BYTES, startTls } from "./start-tls.ts";
import { bytesOf, chainOfExponents, chainOfNames, chainOfSize } from "./testing/costly-chains.ts";
import { startChainServer, type TlsServer } from "./testing/tls-server.ts";

/** What a chain that the server made costly must take at least, in milliseconds of CPU; most take more. */
const COSTLY = 80;
/** What is left of it with the bound; an ordinary handshake takes about 10. */
const CHEAP = 60;

/** For one test on a busy machine, in milliseconds. */
const WITHIN = 30_000;

jest.setTimeout(WITHIN);

const TLS_1_2 = ["-tls1_2"];
const TLS_1_3 = ["-tls1_3"];

/** A TLS 1.2 record of 16 KiB with one message in it, a ServerHello that fills the record. */
const TLS_RECORD_HEAD = Buffer.from([0x16, 3, 3, 0x3f, 0xfb, 2, 0, 0x3f, 0xf7]);

/** A TLS record of application data of 16,379 bytes. */
const APPLICATION_RECORD_HEAD = Buffer.from([0x17, 3, 3, 0x3f, 0xfb]);

async function writeByteByByte(socket: Socket, bytes: Buffer): Promise<void> {
  socket.setNoDelay();
  for (const byte of bytes) {
    if (socket.destroyed) return;
    socket.write(Buffer.of(byte));
    await sleep(0);
  }
}

type Start = (socket: Socket) => TLSSocket;
const bounded: Start = (socket) => startTls(socket, { rejectUnauthorized: false });
const unbounded: Start = (socket) => plainTls({ socket, rejectUnauthorized: false });

let servers: TlsServer[];
beforeEach(() => {
  servers = [];
});
afterEach(async () => {
  await Promise.all(servers.map((server) => server.close()));
});

/** A server in a process of its own, so that what it works is not counted. */
async function serve(chain: ServerCertificate, args: string[]): Promise<number> {
  const server = await startChainServer(chain, args);
  servers.push(server);
  return server.port;
}

/** How a handshake ends, and the milliseconds of CPU that this thread needs for it. */
async function shakeHands(port: number, start: Start): Promise<{ outcome: string; cpu: number }> {
  const socket = openSocket(port, "127.0.0.1");
  await once(socket, "connect");
  const before = process.threadCpuUsage();
  const stream = start(socket);
  const secure = once(stream, "secureConnect").then(() => "secure", reasonOfError);
  const outcome = await secure;
  const { user, system } = process.threadCpuUsage(before);
  stream.destroy();
  socket.destroy();
  return { outcome, cpu: (user + system) / 1_000 };
}

const COSTLY_CHAINS: [string, ServerCertificate][] = [
  ["names that each have to be decoded", chainOfNames(1_600, 255)],
  ["signatures with huge exponents", chainOfExponents(60, 3_072)],
];

describe.each(COSTLY_CHAINS)("a chain made costly by %s", (_, chain) => {
  test.each([
    ["TLS 1.2", TLS_1_2],
    ["TLS 1.3", TLS_1_3],
  ])(
    "%s: without the bound it keeps the program busy; with it, it is TLSFailed",
    async (_, args) => {
      expect(bytesOf(chain)).toBeGreaterThan(3 * MAX_HANDSHAKE_BYTES);
      const port = await serve(chain, args);
      const without = await shakeHands(port, unbounded);
      expect(without).toEqual({ outcome: "secure", cpu: expect.any(Number) });
      expect(without.cpu).toBeGreaterThan(COSTLY);
      const withBound = await shakeHands(port, bounded);
      expect(withBound).toEqual({ outcome: "TLSFailed", cpu: expect.any(Number) });
      expect(withBound.cpu).toBeLessThan(CHEAP);
    },
  );
});

describe.each([
  ["TLS 1.2", TLS_1_2],
  ["TLS 1.3", TLS_1_3],
])("the bound, in %s", (_, args) => {
  test("4 certificates of 15 KB together pass", async () => {
    const chain = chainOfSize(4, 3_850);
    expect(bytesOf(chain)).toBeGreaterThan(15_000);
    const { outcome } = await shakeHands(await serve(chain, args), bounded);
    expect(outcome).toBe("secure");
  });

  test("certificates of more than it: TLSFailed, and without it they would pass", async () => {
    const chain = chainOfSize(4, 4_200);
    expect(bytesOf(chain)).toBeGreaterThan(MAX_HANDSHAKE_BYTES);
    const port = await serve(chain, args);
    expect((await shakeHands(port, unbounded)).outcome).toBe("secure");
    expect((await shakeHands(port, bounded)).outcome).toBe("TLSFailed");
  });
});

test("who is no TLS server and talks without end: ProtocolError, before the bound is said to be hit", async () => {
  const server = await startFakeServer((socket) => writeForEver(socket, Buffer.alloc(16_384)));
  const { outcome } = await shakeHands(server.port, bounded);
  await server.close();
  expect(outcome).toBe("ProtocolError");
});

test("a handshake that comes a byte at a time: TLSFailed after as many pieces as an answer may take", async () => {
  const record = Buffer.concat([TLS_RECORD_HEAD, Buffer.alloc(MAX_HANDSHAKE_BYTES - 9)]);
  const server = await startFakeServer((socket) => writeByteByByte(socket, record));
  const socket = openSocket(server.port, "127.0.0.1").setNoDelay();
  let pieces = 0;
  socket.on("data", () => {
    pieces += 1;
  });
  await once(socket, "connect");
  const outcome = await once(bounded(socket), "secureConnect").then(() => "secure", reasonOfError);
  expect({ outcome, pieces }).toEqual({ outcome: "TLSFailed", pieces: MAX_CHUNKS + 1 });
  socket.destroy();
  await server.close();
});

test("a record that comes a byte at a time after the handshake: ProtocolError, though no reader sees a piece", async () => {
  // Of TLS 1.3, tickets would come among the bytes.
  const port = await serve(chainOfSize(2, 1_000), TLS_1_2);
  let toClient: Socket | undefined;
  const relay = await startFakeServer((socket) => {
    toClient = socket;
    const upstream = openSocket(port, "127.0.0.1").on("error", () => {});
    socket.pipe(upstream).pipe(socket);
  });
  const socket = openSocket(relay.port, "127.0.0.1");
  await once(socket, "connect");
  const stream = bounded(socket);
  await once(stream, "secureConnect");
  const failed = once(stream, "error");
  await writeByteByByte(
    toClient as Socket,
    Buffer.concat([APPLICATION_RECORD_HEAD, Buffer.alloc(16_000)]),
  );
  expect(await failed).toEqual([expect.objectContaining({ reason: "ProtocolError" })]);
  // Far from the end of the record, whose keys are wrong.
  expect(socket.bytesRead).toBeLessThan(8_000);
  await relay.close();
});

test("a server that hangs up in the handshake: ConnectionClosed", async () => {
  const server = await startFakeServer((socket) => socket.once("data", () => socket.end()));
  const { outcome } = await shakeHands(server.port, bounded);
  await server.close();
  expect(outcome).toBe("ConnectionClosed");
});

test("ends with its socket, and the socket with it", async () => {
  const port = await serve(chainOfSize(2, 1_000), TLS_1_3);
  for (const first of ["socket", "stream"] as const) {
    const socket = openSocket(port, "127.0.0.1");
    const stream = bounded(socket);
    await once(stream, "secureConnect");
    const closed = Promise.all([once(socket, "close"), once(stream, "close")]);
    ({ socket, stream })[first].destroy();
    await closed;
  }
});
