/** Test fixture: what every check must do with servers that are encrypted from the first byte on. */
import type { Server, Socket } from "node:net";
import { createServer as createTlsServer } from "node:tls";
import { describe, expect, test } from "@jest/globals";
import type {
  DependencyConfig,
  SecretKeyReference,
  TlsConfig,
} from "../../../../api/policy-file.ts";
import { type Check, CheckError } from "../../check.ts";
import type { Endpoint } from "../../network/connect.ts";
import { createCertificates } from "../../testing/certificates.ts";
import { leavingNothing, runCheck, SHORT } from "../../testing/contract.ts";
import { type FakeServer, startFakeServer, trackServer } from "../../testing/fake-server.ts";

/** One dependency type under test. */
export interface TlsSubject {
  check: Check;
  /** The configuration of a dependency at `endpoint`. */
  dependency(endpoint: Endpoint, tls: TlsConfig): DependencyConfig;
  /** Serves one connection as the real server would, once it is decrypted. */
  serve(socket: Socket): void;
}

/** The text of each key of the Secret `tls`. */
const SECRETS: Record<string, string> = { text: "no certificate" };

async function readSecretKey({ key }: SecretKeyReference): Promise<string> {
  const text = SECRETS[key];
  if (text === undefined) throw new CheckError("CredentialsMissing");
  return text;
}

const verify = (key: string): TlsConfig => ({
  mode: "VerifyFull",
  caSecret: { secretName: "tls", key },
});

/** Describes what the modes of TLS mean for one dependency type. */
export function describeDirectTls({ check, dependency, serve }: TlsSubject): void {
  const certificates = createCertificates();
  SECRETS.ca = certificates.ca;
  SECRETS.stranger = createCertificates().ca;
  const startEncrypted = () =>
    trackServer(createTlsServer(certificates.server("localhost"), serve) as unknown as Server);

  async function outcome(fake: FakeServer, host: string, tls: TlsConfig) {
    try {
      const config = dependency({ host, port: fake.port }, tls);
      return await leavingNothing(() =>
        runCheck(check, config, { readSecretKey, checkTimeout: 4 * SHORT }),
      );
    } finally {
      await fake.close();
    }
  }

  describe("TLS from the first byte on", () => {
    test.each<[string, string, TlsConfig]>([
      ["without a look at the certificate", "127.0.0.1", { mode: "Require" }],
      ["with the right authority and name", "localhost", verify("ca")],
      ["with a name that ends in a dot", "localhost.", verify("ca")],
    ])("%s: up", async (_, host, tls) => {
      expect(await outcome(await startEncrypted(), host, tls)).toEqual({ success: { tls: true } });
    });

    test.each<[string, string, TlsConfig]>([
      ["another authority", "localhost", verify("stranger")],
      ["the public authorities", "localhost", { mode: "VerifyFull" }],
      ["another name", "127.0.0.1", verify("ca")],
    ])("%s: TLSFailed", async (_, host, tls) => {
      expect(await outcome(await startEncrypted(), host, tls)).toEqual({ reason: "TLSFailed" });
    });

    test.each<[string, TlsConfig]>([
      ["CredentialsMissing", verify("none")],
      ["Misconfigured", verify("text")],
    ])("no authority to verify by: %s", async (reason, tls) => {
      expect(await outcome(await startEncrypted(), "localhost", tls)).toEqual({ reason });
    });

    test("a server that answers in clear: TLSFailed", async () => {
      const fake = await startFakeServer((socket) =>
        socket.once("data", () => socket.end("HTTP/1.1 400 Bad Request\r\n\r\n")),
      );
      const tls = { mode: "Require" } as const;
      expect(await outcome(fake, "localhost", tls)).toEqual({ reason: "TLSFailed" });
    });
  });
}
