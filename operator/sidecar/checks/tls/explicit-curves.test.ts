/** Keys on curves that a certificate makes up itself: OpenSSL works on each as soon as it reads it. */
import { once } from "node:events";
import { connect as openSocket, type Socket } from "node:net";
import { connect as plainTls, type TLSSocket } from "node:tls";
import { afterEach, expect, jest, test } from "@jest/globals";
import { reasonOfError } from "../reason-of-error.ts";
import { explicitCurveSearch } from "./explicit-curves.ts";
import { isPemBundle } from "./pem-bundle.ts";
import { startTls } from "./start-tls.ts";
import { bytesOf, chainOfMadeUpCurves, chainOfSize } from "./testing/costly-chains.ts";
import { startChainServer, type TlsServer } from "./testing/tls-server.ts";

jest.setTimeout(30_000);

/** One such certificate takes several times as much, an ordinary handshake a sixth; milliseconds of CPU. */
const COSTLY = 80;

const MADE_UP = chainOfMadeUpCurves(1);
const HONEST = chainOfSize(3, 1_500);

const bounded = (socket: Socket) => startTls(socket, { rejectUnauthorized: false });
const unbounded = (socket: Socket) => plainTls({ socket, rejectUnauthorized: false });

let server: TlsServer | undefined;
afterEach(() => server?.close());

async function shakeHands(start: (socket: Socket) => TLSSocket) {
  const socket = openSocket(server?.port ?? 0, "127.0.0.1");
  await once(socket, "connect");
  const before = process.threadCpuUsage();
  const stream = start(socket);
  const outcome = await once(stream, "secureConnect").then(() => "secure", reasonOfError);
  const { user, system } = process.threadCpuUsage(before);
  socket.destroy();
  return { outcome, isCostly: (user + system) / 1_000 > COSTLY };
}

const SUITES = [
  "TLS_AES_128_GCM_SHA256",
  "TLS_AES_256_GCM_SHA384",
  "TLS_CHACHA20_POLY1305_SHA256",
].map((suite): [string, string[]] => [`TLS 1.3, ${suite}`, ["-tls1_3", "-ciphersuites", suite]]);

const WAYS: [string, string[]][] = [
  ["TLS 1.2", ["-tls1_2"]],
  ["TLS 1.2, a certificate in pieces", ["-tls1_2", "-max_send_frag", "512"]],
  ...SUITES,
  ["TLS 1.3, a certificate in pieces", ["-tls1_3", "-max_send_frag", "512"]],
  ["TLS 1.3, another key exchange than the client's first guess", ["-tls1_3", "-groups", "P-384"]],
];

test.each(WAYS)("%s: TLSFailed before it costs anything", async (_, args) => {
  server = await startChainServer(MADE_UP, args);
  expect(await shakeHands(unbounded)).toStrictEqual({ outcome: "secure", isCostly: true });
  expect(await shakeHands(bounded)).toStrictEqual({ outcome: "TLSFailed", isCostly: false });
});

test.each(WAYS)("%s: certificates as they should be pass", async (_, args) => {
  server = await startChainServer(HONEST, args);
  expect((await shakeHands(bounded)).outcome).toBe("secure");
});

test("as many as fit into the bound on bytes would take more than five seconds", () => {
  expect(bytesOf(chainOfMadeUpCurves(20))).toBeLessThan(16 * 1024);
});

test("an authority of a Secret that has such a key is no authority", () => {
  expect(isPemBundle(HONEST.cert)).toBe(true);
  expect(isPemBundle(MADE_UP.cert)).toBe(false);
});

test.each(["2a8648ce3d0101", "2a8648ce3d0102"])("%s is found wherever it is cut", (hex) => {
  const bytes = Buffer.from(`00${hex}00`, "hex");
  for (let cut = 0; cut <= bytes.length; cut += 1) {
    const search = explicitCurveSearch();
    const found = [search(bytes.subarray(0, cut)), search(bytes.subarray(cut))];
    expect(found).toContain(true);
  }
  const oneByOne = explicitCurveSearch();
  expect([...bytes].map((byte) => oneByOne(Buffer.of(byte))).indexOf(true)).toBe(7);
});

test("a key on a curve that has a name is no such key", () => {
  expect(explicitCurveSearch()(Buffer.from("2a8648ce3d02012a8648ce3d030107", "hex"))).toBe(false);
});
