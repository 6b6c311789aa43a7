/** VerifyFull with honest servers: whom it takes for whom. */
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, expect, test } from "@jest/globals";
import { connect } from "../network/connect.ts";
import { resolutionOf } from "../network/testing/resolution-of.ts";
import { problemOfError } from "../problem-of-error.ts";
import { reasonOfError } from "../reason-of-error.ts";
import { createCertificates, type ServerCertificate } from "../testing/certificates.ts";
import { leavingNothing, PATIENT } from "../testing/contract.ts";
import { type SecureOptions, secure } from "./secure.ts";
import { startTlsServer, type TlsServer } from "./testing/tls-server.ts";
import { type TlsTarget, tlsTarget } from "./tls-target.ts";

const NAME = "db.example.test";
const authority = createCertificates();
const stranger = createCertificates();

let folder: string;
/** Shows a certificate for NAME to those who ask for that name, and a stranger's to all others. */
let named: TlsServer;
/** Shows a certificate for 127.0.0.1. */
let unnamed: TlsServer;

/** The arguments by which the server shows this certificate. */
function showing({ cert, key }: ServerCertificate, file: string, suffix = ""): string[] {
  writeFileSync(join(folder, `${file}.crt`), cert);
  writeFileSync(join(folder, `${file}.key`), key);
  return [
    `-cert${suffix}`,
    join(folder, `${file}.crt`),
    `-key${suffix}`,
    join(folder, `${file}.key`),
  ];
}

beforeAll(async () => {
  folder = mkdtempSync(join(tmpdir(), "healthpolicy-verify-"));
  named = await startTlsServer([
    ...showing(stranger.server(NAME), "other"),
    ...["-servername", NAME],
    ...showing(authority.server(NAME), "right", "2"),
  ]);
  unnamed = await startTlsServer(showing(authority.server("127.0.0.1"), "address"));
}, 30_000);
afterAll(async () => {
  await Promise.all([named?.close(), unnamed?.close()]);
  rmSync(folder, { recursive: true });
});

/** As policy and Secret say it. */
function target(text: string | undefined): Promise<TlsTarget> {
  const caSecret = text === undefined ? undefined : { secretName: "tls", key: "ca" };
  return tlsTarget("VerifyFull", caSecret, async () => text ?? "");
}

type Ending = Pick<SecureOptions, "endInOrder">;

/** Shakes hands under the name `host`, trusting those in `text`. */
const shakeHands = (port: number, target: Promise<TlsTarget>, options: { host: string } & Ending) =>
  leavingNothing(async () => {
    const { host } = options;
    const signal = AbortSignal.timeout(PATIENT);
    const resolve = async () => resolutionOf("127.0.0.1");
    const context = { signal, connectTimeoutMilliseconds: PATIENT, resolve };
    const { socket } = await connect({ host, port }, context);
    try {
      const { tls } = await secure(socket, await target, { ...options, signal });
      return tls ? "accepted" : "in clear";
    } catch (error) {
      return `${reasonOfError(error)}: ${problemOfError(error)}`;
    } finally {
      socket.destroy();
    }
  });

const UNTRUSTED =
  "TLSFailed: the server's certificate is signed by none of the authorities in tls.caSecret, or by no public one where that is not set";
const OTHER_NAME =
  "TLSFailed: the server's certificate is not for the host that the policy or the connection string names";

test.each<[string, string, () => TlsServer, string | undefined, string]>([
  ["the name and its authority", NAME, () => named, authority.ca, "accepted"],
  ["the name with a dot at its end", `${NAME}.`, () => named, authority.ca, "accepted"],
  ["an address and its authority", "127.0.0.1", () => unnamed, authority.ca, "accepted"],
  ["another name", "other.example.test", () => named, authority.ca, UNTRUSTED],
  ["another authority", NAME, () => named, stranger.ca, UNTRUSTED],
  ["the public authorities", NAME, () => named, undefined, UNTRUSTED],
  ["a name where the certificate has an address", NAME, () => unnamed, authority.ca, OTHER_NAME],
])("%s", async (_, host, server, text, outcome) => {
  expect(await shakeHands(server().port, target(text), { host })).toBe(outcome);
  // As MySQL's, where the handshake itself takes whoever answers.
  const endInOrder = async () => {};
  expect(await shakeHands(server().port, target(text), { host, endInOrder })).toBe(outcome);
});
