/** Keys on curves that OpenSSL works on for long as soon as it reads them. */
import { generateKeyPairSync } from "node:crypto";
import { once } from "node:events";
import { connect as openSocket, type Socket } from "node:net";
import { connect as plainTls, type TLSSocket } from "node:tls";
import { afterEach, describe, expect, jest, test } from "@jest/globals";
import { reasonOfError } from "../reason-of-error.ts";
import type { ServerCertificate } from "../testing/certificates.ts";
import { startTls } from "./start-tls.ts";
import { bytesOf, chainOfCurves, chainOfSize } from "./testing/costly-chains.ts";
import { startChainServer, type TlsServer } from "./testing/tls-server.ts";

jest.setTimeout(30_000);

/**
 * One certificate of a made-up curve takes several times as much, an ordinary handshake a sixth; milliseconds of CPU.
 */
const COSTLY = 80;

const publicKeyOn = (namedCurve: string) =>
  generateKeyPairSync("ec", { namedCurve }).publicKey.export({ type: "spki", format: "der" });

const MADE_UP = chainOfCurves(1);
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

/**
 * Length of the pieces of the message of certificates (RFC 8446, section 4.4.2) that cuts the first refused curve in
 * two.
 */
function cutInCurve({ cert }: ServerCertificate): string[] {
  const ders = (cert.match(/[^-\n][^-]+(?=-----END)/g) ?? []).map((text) =>
    Buffer.from(text, "base64"),
  );
  const [leaf = Buffer.alloc(0), authority = Buffer.alloc(0)] = ders;
  const before = 4 + 1 + 3 + (3 + leaf.length + 2) + 3;
  const curve = before + authority.indexOf(Buffer.from("2a8648ce3d0101", "hex"));
  expect(curve).toBeGreaterThan(512);
  return ["-max_send_frag", String(curve + 3)];
}

const TLS_1_3 = ["-tls1_3"];
const WAYS: [string, string[]][] = [
  ["TLS 1.2", ["-tls1_2"]],
  ["TLS 1.2, a certificate in pieces", ["-tls1_2", "-max_send_frag", "512"]],
  ["TLS 1.3, AES with 128 bits", [...TLS_1_3, "-ciphersuites", "TLS_AES_128_GCM_SHA256"]],
  ["TLS 1.3, AES with 256 bits", [...TLS_1_3, "-ciphersuites", "TLS_AES_256_GCM_SHA384"]],
  ["TLS 1.3, ChaCha20", [...TLS_1_3, "-ciphersuites", "TLS_CHACHA20_POLY1305_SHA256"]],
  ["TLS 1.3, a certificate in pieces", [...TLS_1_3, "-max_send_frag", "512"]],
  ["TLS 1.3, cut in the midst of the curve", [...TLS_1_3, ...cutInCurve(MADE_UP)]],
  [
    "TLS 1.3, cut in the midst of the curve, with padding",
    [...TLS_1_3, ...cutInCurve(MADE_UP), "-record_padding", "64"],
  ],
  ["TLS 1.3, another key exchange than the first guess", [...TLS_1_3, "-groups", "P-384"]],
];

describe.each(WAYS)("%s", (_, args) => {
  test("a made-up curve is TLSFailed before it costs anything", async () => {
    server = await startChainServer(MADE_UP, args);
    expect(await shakeHands(unbounded)).toStrictEqual({ outcome: "secure", isCostly: true });
    expect(await shakeHands(bounded)).toStrictEqual({ outcome: "TLSFailed", isCostly: false });
  });

  test("certificates as they should be pass", async () => {
    server = await startChainServer(HONEST, args);
    expect((await shakeHands(bounded)).outcome).toBe("secure");
  });
});

test("as many as fit into the bound on bytes would take more than five seconds", () => {
  expect(bytesOf(chainOfCurves(20))).toBeLessThan(16 * 1024);
});

test.each([
  ["prime256v1", "secure"],
  ["secp384r1", "secure"],
  ["secp521r1", "secure"],
  ["secp224r1", "TLSFailed"],
  ["sect571r1", "TLSFailed"],
])("a chain with keys on %s: %s", async (curve, outcome) => {
  server = await startChainServer(chainOfCurves(2, publicKeyOn(curve)));
  expect((await shakeHands(unbounded)).outcome).toBe("secure");
  expect((await shakeHands(bounded)).outcome).toBe(outcome);
});
