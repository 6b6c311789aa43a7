/** Messages of a TLS server that cost work and bring no content, as many as it likes. */
import { constants } from "node:crypto";
import { once } from "node:events";
import { connect as openSocket, type Socket } from "node:net";
import { connect as plainTls, type TLSSocket } from "node:tls";
import { expect, jest, test } from "@jest/globals";
import { isTooMuch, MAX_CHUNKS } from "../network/read-until.ts";
import { reasonOfError } from "../reason-of-error.ts";
import { createCertificates } from "../testing/certificates.ts";
import { startFakeServer } from "../testing/fake-server.ts";
import { MAX_HANDSHAKE_RECORDS, startTls } from "./start-tls.ts";
import {
  APPLICATION_DATA,
  HANDSHAKE,
  startSealingServer,
  type TlsVersion,
} from "./testing/sealing-server.ts";
import { MAX_SILENT_RECORDS } from "./tls-records.ts";

jest.setTimeout(30_000);

const certificate = createCertificates().server("localhost");

const HELLO_REQUEST = Buffer.alloc(4);
const KEY_UPDATE = Buffer.from([24, 0, 0, 1, 0]);
const KEY_UPDATE_TO_BE_ANSWERED = Buffer.from([24, 0, 0, 1, 1]);
/** The smallest that is allowed: a lifetime, no nonce, one byte of ticket, no extensions. */
const TICKET = Buffer.from([4, 0, 0, 14, 0, 0, 1, 0, 0, 0, 0, 0, 0, 0, 1, 7, 0, 0]);
const LAST = Buffer.from("the last words");

const repeated = (message: Buffer, times: number) => Buffer.concat(Array(times).fill(message));
const times = (count: number, message: Buffer): Buffer[] => Array(count).fill(message);

type Start = (socket: Socket) => TLSSocket;
const bounded: Start = (socket) => startTls(socket, { rejectUnauthorized: false });
/** Refuses another handshake as well, each request on its own. */
const unbounded: Start = (socket) =>
  plainTls({
    socket,
    rejectUnauthorized: false,
    secureOptions: constants.SSL_OP_NO_RENEGOTIATION,
  });

interface Flood {
  version: TlsVersion;
  /** Content of handshake records, which last words of content follow. */
  records: Buffer[];
  start?: Start;
}

/** What a client makes of it: the last words or the reason why it ended, and its milliseconds of CPU. */
async function flood({
  version,
  records,
  start = bounded,
}: Flood): Promise<{ outcome: string; cpu: number }> {
  const server = await startSealingServer(version, certificate);
  const socket = openSocket(server.port, "127.0.0.1");
  try {
    await once(socket, "connect");
    const stream = start(socket);
    await once(stream, "secureConnect");
    const sealed: Buffer[] = [];
    for (const content of records) sealed.push(await server.seal(HANDSHAKE, content));
    sealed.push(await server.seal(APPLICATION_DATA, LAST));
    const outcome = once(stream, "data").then(([chunk]) => String(chunk), reasonOfError);
    const before = process.threadCpuUsage();
    server.send(Buffer.concat(sealed));
    const end = await outcome;
    const { user, system } = process.threadCpuUsage(before);
    return { outcome: end, cpu: (user + system) / 1_000 };
  } finally {
    socket.destroy();
    await server.close();
  }
}

test("15,000 requests for another handshake: TLSFailed, for a small part of their work", async () => {
  const records = times(4, repeated(HELLO_REQUEST, 3_750));
  const without = await flood({ version: "1.2", records, start: unbounded });
  expect(without.outcome).toBe(String(LAST));
  const withBound = await flood({ version: "1.2", records });
  expect(withBound.outcome).toBe("TLSFailed");
  expect(withBound.cpu).toBeLessThan(without.cpu / 5);
});

test.each<[string, TlsVersion, Buffer[], string]>([
  ["one request for another handshake", "1.2", [HELLO_REQUEST], "TLSFailed"],
  ["a few tickets", "1.3", times(4, Buffer.concat([TICKET, TICKET])), String(LAST)],
  ["a new key", "1.3", [KEY_UPDATE_TO_BE_ANSWERED], String(LAST)],
  ["as much as is tolerated", "1.3", times(MAX_SILENT_RECORDS, KEY_UPDATE), String(LAST)],
  ["more keys", "1.3", times(MAX_SILENT_RECORDS + 1, KEY_UPDATE), "ProtocolError"],
  [
    "more keys, to be answered",
    "1.3",
    times(MAX_SILENT_RECORDS + 1, KEY_UPDATE_TO_BE_ANSWERED),
    "ProtocolError",
  ],
  ["more tickets", "1.3", times(MAX_SILENT_RECORDS + 1, TICKET), "ProtocolError"],
  ["tickets in one record", "1.3", [repeated(TICKET, 600)], "ProtocolError"],
])("%s", async (_, version, records, want) => {
  expect((await flood({ version, records })).outcome).toBe(want);
});

test("an answer in more records than a check takes, all at once, is cut", async () => {
  const server = await startSealingServer("1.3", certificate);
  const socket = openSocket(server.port, "127.0.0.1");
  await once(socket, "connect");
  const stream = bounded(socket);
  await once(stream, "secureConnect");
  const sealed: Buffer[] = [];
  for (let count = 0; count < MAX_CHUNKS; count += 1) {
    sealed.push(await server.seal(APPLICATION_DATA, Buffer.from("x")));
  }
  let content = 0;
  stream.on("data", (chunk: Buffer) => {
    content += chunk.length;
  });
  const failed = once(stream, "error");
  server.send(Buffer.concat(sealed));
  const [failure] = await failed;
  const { errored } = stream;
  socket.destroy();
  await server.close();
  expect(isTooMuch(failure)).toBe(true);
  // For who reads on only now.
  expect(errored).toBe(failure);
  // Those of the handshake count, too.
  expect(content).toBeGreaterThan(MAX_CHUNKS - MAX_HANDSHAKE_RECORDS);
  expect(content).toBeLessThan(MAX_CHUNKS);
});

test("a handshake in more records than it may take, all at once: TLSFailed", async () => {
  const record = Buffer.from([HANDSHAKE, 3, 3, 0, 1, 2]);
  const server = await startFakeServer((socket) => {
    socket.write(repeated(record, MAX_HANDSHAKE_RECORDS + 1));
  });
  const socket = openSocket(server.port, "127.0.0.1");
  await once(socket, "connect");
  const outcome = await once(bounded(socket), "secureConnect").then(() => "secure", reasonOfError);
  expect(outcome).toBe("TLSFailed");
  await server.close();
});
