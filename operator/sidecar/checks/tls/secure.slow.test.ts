/** TLS servers that mean ill. What honest ones do is in the `.real.test.ts` of each type. */
import { execFileSync, spawn } from "node:child_process";
import { randomBytes } from "node:crypto";
import { once } from "node:events";
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { connect as openSocket } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, test } from "@jest/globals";
import { connect } from "../network/connect.ts";
import { readUntil } from "../network/read-until.ts";
import { resolutionOf } from "../network/testing/resolution-of.ts";
import { reasonOfError } from "../reason-of-error.ts";
import { createCertificates } from "../testing/certificates.ts";
import { leavingNothing, PATIENT } from "../testing/contract.ts";
import { startFakeServer } from "../testing/fake-server.ts";
import { secure } from "./secure.ts";
import { startTlsServer } from "./testing/tls-server.ts";

const certificates = createCertificates();

let folder: string;
const path = (name: string) => join(folder, name);

beforeAll(() => {
  folder = mkdtempSync(join(tmpdir(), "healthpolicy-tls-"));
  const { cert, key } = certificates.server("localhost");
  writeFileSync(path("ec.crt"), cert);
  writeFileSync(path("ec.key"), key);
  const files = ["-keyout", path("rsa.key"), "-out", path("rsa.crt")];
  const request = ["req", "-x509", "-newkey", "rsa:2048", "-nodes", "-subj", "/CN=localhost"];
  execFileSync("openssl", [...request, ...files], { stdio: "pipe" });
  writeFileSync(path("dh.pem"), diffieHellmanParameters(9_984));
});
afterAll(() => rmSync(folder, { recursive: true }));

/** Parameters that take a client seconds. The number need not be prime: a client has no time to find out. */
function diffieHellmanParameters(bits: number): string {
  const number = randomBytes(bits / 8);
  number[0] = 0x7f;
  number[number.length - 1] = 0xff;
  const integer = (bytes: Buffer) => Buffer.concat([header(0x02, bytes.length), bytes]);
  const header = (tag: number, length: number) =>
    length < 128 ? Buffer.from([tag, length]) : Buffer.from([tag, 0x82, length >> 8, length & 255]);
  const body = Buffer.concat([integer(number), integer(Buffer.from([2]))]);
  const text = Buffer.concat([header(0x30, body.length), body]).toString("base64");
  return `-----BEGIN DH PARAMETERS-----\n${text}\n-----END DH PARAMETERS-----\n`;
}

/** Shakes hands and reads on until `until` says that this is enough; gives the reason of what fails. */
const shakeHands = (port: number, until?: "closed" | "answered") =>
  leavingNothing(async () => {
    const signal = AbortSignal.timeout(PATIENT);
    const { socket } = await connect(
      { host: "127.0.0.1", port },
      {
        signal,
        connectTimeoutMilliseconds: PATIENT,
        resolve: async (host) => resolutionOf(host),
      },
    );
    try {
      const target = { mode: "Require", secureContext: undefined } as const;
      const { stream, tls } = await secure(socket, target, { host: "localhost", signal });
      if (until === "answered") stream.write("hello");
      if (until) await readUntil({ stream, socket, signal }, () => until === "answered");
      return { tls };
    } catch (error) {
      return { reason: reasonOfError(error) };
    } finally {
      socket.destroy();
    }
  });

const EC = () => ["-cert", path("ec.crt"), "-key", path("ec.key")];
const RSA = () => ["-cert", path("rsa.crt"), "-key", path("rsa.key")];

describe("a key exchange that the server makes expensive, or an old one: TLSFailed", () => {
  test.each<[string, () => string[]]>([
    [
      "DHE with 9,984 bits",
      () => [...RSA(), "-tls1_2", "-cipher", "DHE@SECLEVEL=0", "-dhparam", path("dh.pem")],
    ],
    ["DHE in TLS 1.3", () => [...EC(), "-tls1_3", "-groups", "ffdhe3072:ffdhe2048"]],
    ["RSA key exchange", () => [...RSA(), "-tls1_2", "-cipher", "kRSA"]],
    ["TLS 1.1", () => [...RSA(), "-tls1_1", "-cipher", "ALL@SECLEVEL=0"]],
  ])("%s", async (_, args) => {
    const server = await startTlsServer(args());
    try {
      expect(await shakeHands(server.port)).toEqual({ reason: "TLSFailed" });
    } finally {
      await server.close();
    }
  });
});

describe("the key exchanges that servers offer", () => {
  test.each<[string, () => string[]]>([
    ["P-256 alone, as before PostgreSQL 18", () => [...EC(), "-groups", "P-256"]],
    ["X25519 alone", () => [...EC(), "-groups", "X25519"]],
    ["P-384 alone", () => [...EC(), "-groups", "P-384"]],
    ["P-521 alone, in TLS 1.2", () => [...EC(), "-tls1_2", "-groups", "P-521"]],
    ["RSA certificates in TLS 1.2", () => [...RSA(), "-tls1_2"]],
  ])("%s: the handshake succeeds", async (_, args) => {
    const server = await startTlsServer(args());
    try {
      expect(await shakeHands(server.port)).toEqual({ tls: true });
    } finally {
      await server.close();
    }
  });
});

describe("TLS without content, for as long as the client takes it", () => {
  test("tickets for sessions to come: ProtocolError", async () => {
    const server = await startTlsServer([...EC(), "-tls1_3", "-num_tickets", "5000"]);
    try {
      expect(await shakeHands(server.port, "closed")).toEqual({ reason: "ProtocolError" });
    } finally {
      await server.close();
    }
  });

  test("another handshake on the same connection: refused", async () => {
    const server = await startTlsServer([...EC(), "-tls1_2"]);
    try {
      const check = shakeHands(server.port, "closed");
      const timer = setInterval(() => server.type("r\n"), 50);
      const outcome = await check.finally(() => clearInterval(timer));
      // The alert, or that the program hangs up, whichever is read first.
      const refused = expect.stringMatching(/^(TLSFailed|ConnectionClosed)$/);
      expect(outcome).toEqual({ reason: refused });
    } finally {
      await server.close();
    }
  });
});

/**
 * Shakes hands, asks for a certificate and does without, and then resets or answers. A process of its own, as in ours
 * the reset would come after what is written. One connection at a time; ends by itself.
 */
const ASKS_FOR_CERTIFICATE = `
const { readFileSync, writeSync } = require("node:fs");
const [key, cert, resets] = process.argv.slice(1);
const options = { key: readFileSync(key), cert: readFileSync(cert), requestCert: true, rejectUnauthorized: false };
const server = require("node:tls").createServer(options);
let last;
server.on("connection", (socket) => { last = socket; });
server.on("secureConnection", (stream) => {
  stream.on("error", () => {}).on("data", (text) => stream.end(text));
  if (resets) last.resetAndDestroy();
});
server.listen(0, "127.0.0.1", () => writeSync(1, String(server.address().port)));
setTimeout(process.exit, 60_000);`;

describe("a server of TLS 1.3 that asks for a certificate and takes none", () => {
  async function outcomes(resets: boolean, checks: number): Promise<unknown[]> {
    const args = [
      "-e",
      ASKS_FOR_CERTIFICATE,
      path("ec.key"),
      path("ec.crt"),
      ...(resets ? ["resets"] : []),
    ];
    const child = spawn(process.execPath, args, { stdio: ["ignore", "pipe", "ignore"] });
    const told = [];
    try {
      const port = Number(String((await once(child.stdout, "data"))[0]));
      for (let check = 0; check < checks; check += 1) told.push(await shakeHands(port, "answered"));
    } finally {
      child.kill("SIGKILL");
      await once(child, "exit");
    }
    return told;
  }

  test("is up where it answers", async () => {
    expect(await outcomes(false, 3)).toEqual(Array(3).fill({ tls: true }));
  });

  test("has closed the connection where it resets, as a proxy without a backend does", async () => {
    const closed = { reason: "ConnectionClosed" };
    expect(await outcomes(true, 25)).toEqual(Array(25).fill(closed));
  });
});

test("a server that resets behind its part of the handshake and a broken record: a reason each time", async () => {
  const server = await startTlsServer([...EC(), "-tls1_3"]);
  const broken = Buffer.concat([Buffer.from([0x17, 3, 3, 0, 40]), Buffer.alloc(40)]);
  const relay = await startFakeServer((socket) => {
    const upstream = openSocket(server.port, "127.0.0.1").on("error", () => {});
    socket.once("data", (hello) => upstream.write(hello));
    upstream.once("data", (flight) => {
      socket.write(Buffer.concat([flight, broken]));
      socket.resetAndDestroy();
      upstream.destroy();
    });
  });
  const reasons = [];
  for (let time = 0; time < 20; time += 1) reasons.push(await shakeHands(relay.port, "closed"));
  await relay.close();
  await server.close();
  const failed = { reason: expect.stringMatching(/^(TLSFailed|ConnectionClosed)$/) };
  expect(reasons).toEqual(Array(20).fill(failed));
});
