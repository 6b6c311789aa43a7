/**
 * Test fixture: an honest TLS server whose connections the test takes over after the handshake, to send whole
 * records of its own. Honest libraries send none of these.
 */
import { createCipheriv, createHmac } from "node:crypto";
import { mkdtempSync, readFileSync, rmSync } from "node:fs";
import { connect, type Socket } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import type { ServerCertificate } from "../../testing/certificates.ts";
import { startFakeServer } from "../../testing/fake-server.ts";
import { startChainServer } from "./tls-server.ts";

/** What a record carries. */
export const HANDSHAKE = 22;
export const APPLICATION_DATA = 23;

/** The message after which a server of TLS 1.3 seals with another key. */
const KEY_UPDATE = 24;

export type TlsVersion = "1.2" | "1.3";

/** The server, which takes one connection. */
export interface SealingServer {
  port: number;
  /** One record for the client, sealed as the next of this server's. Its handshake must be over. */
  seal(contentType: number, content: Buffer): Promise<Buffer>;
  /** Sends records to the client. */
  send(records: Buffer): void;
  close(): Promise<void>;
}

const ARGUMENTS: Record<TlsVersion, string[]> = {
  "1.2": ["-tls1_2"],
  "1.3": ["-tls1_3", "-num_tickets", "0", "-ciphersuites", "TLS_AES_128_GCM_SHA256"],
};

/** Of TLS 1.2, the cipher is named in the same argument as the security level. */
const CIPHER_1_2 = "ECDHE-ECDSA-AES128-GCM-SHA256:@SECLEVEL=0";

/** Milliseconds until the keys are in the file. */
const KEYS_WITHIN = 5_000;

/** Starts the server with `certificate`. */
export async function startSealingServer(
  version: TlsVersion,
  certificate: ServerCertificate,
): Promise<SealingServer> {
  const folder = mkdtempSync(join(tmpdir(), "healthpolicy-seal-"));
  const keyLog = join(folder, "keys");
  const server = await startChainServer(certificate, [
    ...ARGUMENTS[version],
    ...["-cipher", CIPHER_1_2, "-keylogfile", keyLog],
  ]);
  let client: Socket | undefined;
  let takenOver = false;
  let greeting = Buffer.alloc(0);
  const relay = await startFakeServer((socket) => {
    client = socket;
    const upstream = connect(server.port, "127.0.0.1").on("error", () => {});
    upstream.on("data", (chunk) => {
      // What the server says to what it is then told would be no record of this connection any more.
      if (takenOver) return;
      greeting = Buffer.concat([greeting, chunk]);
      socket.write(chunk);
    });
    socket.pipe(upstream);
  });
  let seal: Seal | undefined;
  return {
    port: relay.port,
    async seal(contentType, content) {
      takenOver = true;
      seal ??= SEALERS[version](await keysOf(keyLog, version), greeting);
      return seal(contentType, content);
    },
    send: (records) => client?.write(records),
    async close() {
      await relay.close();
      await server.close();
      rmSync(folder, { recursive: true });
    },
  };
}

interface Keys {
  /** The client's random. */
  client: Buffer;
  secret: Buffer;
}

const LABELS: Record<TlsVersion, string> = {
  "1.2": "CLIENT_RANDOM",
  "1.3": "SERVER_TRAFFIC_SECRET_0",
};

async function keysOf(file: string, version: TlsVersion): Promise<Keys> {
  const line = new RegExp(`^${LABELS[version]} (\\w+) (\\w+)\n`, "m");
  const end = performance.now() + KEYS_WITHIN;
  for (;;) {
    const [, client, secret] = line.exec(readFileSync(file, "utf8")) ?? [];
    if (client && secret) {
      return { client: Buffer.from(client, "hex"), secret: Buffer.from(secret, "hex") };
    }
    if (performance.now() > end) throw new Error("the keys are not in the key log");
    await sleep(5);
  }
}

const hmac = (key: Buffer, ...parts: Buffer[]) =>
  createHmac("sha256", key).update(Buffer.concat(parts)).digest();

interface Gcm {
  key: Buffer;
  nonce: Buffer;
  associated: Buffer;
}

function encrypt({ key, nonce, associated }: Gcm, content: Buffer): Buffer {
  const cipher = createCipheriv("aes-128-gcm", key, nonce).setAAD(associated);
  return Buffer.concat([cipher.update(content), cipher.final(), cipher.getAuthTag()]);
}

const recordHead = (contentType: number, length: number) =>
  Buffer.from([contentType, 3, 3, length >> 8, length & 255]);

const counter = (sequence: bigint) => {
  const bytes = Buffer.alloc(8);
  bytes.writeBigUInt64BE(sequence);
  return bytes;
};

type Seal = (contentType: number, content: Buffer) => Buffer;

/** RFC 5246, sections 5 and 6.3, and RFC 5288: of the key block, the server's key and salt. */
function sealer12({ client, secret }: Keys, greeting: Buffer): Seal {
  // The server's random stands behind the heads of record and message and the version.
  const seed = Buffer.concat([Buffer.from("key expansion"), greeting.subarray(11, 43), client]);
  const first = hmac(secret, seed);
  const second = hmac(secret, first);
  const block = Buffer.concat([hmac(secret, first, seed), hmac(secret, second, seed)]);
  const key = block.subarray(16, 32);
  const salt = block.subarray(36, 40);
  // One record is sealed by then: the end of the server's handshake.
  let sequence = 1n;
  return (contentType, content) => {
    const explicit = counter(sequence++);
    const associated = Buffer.concat([explicit, recordHead(contentType, content.length)]);
    const nonce = Buffer.concat([salt, explicit]);
    const sealed = encrypt({ key, nonce, associated }, content);
    return Buffer.concat([recordHead(contentType, sealed.length + 8), explicit, sealed]);
  };
}

/** RFC 8446, sections 5.2, 7.1 and 7.2. */
function sealer13(keys: Keys): Seal {
  let { secret } = keys;
  let sequence = 0n;
  const expand = (label: string, length: number) => {
    const name = Buffer.from(`tls13 ${label}`);
    const info = [Buffer.from([0, length, name.length]), name, Buffer.from([0, 1])];
    return hmac(secret, ...info).subarray(0, length);
  };
  return (contentType, content) => {
    const nonce = Buffer.from(expand("iv", 12));
    nonce.writeBigUInt64BE(nonce.readBigUInt64BE(4) ^ sequence++, 4);
    const inner = Buffer.concat([content, Buffer.from([contentType])]);
    const associated = recordHead(APPLICATION_DATA, inner.length + 16);
    const sealed = encrypt({ key: expand("key", 16), nonce, associated }, inner);
    if (contentType === HANDSHAKE && content[0] === KEY_UPDATE) {
      secret = expand("traffic upd", 32);
      sequence = 0n;
    }
    return Buffer.concat([associated, sealed]);
  };
}

const SEALERS: Record<TlsVersion, (keys: Keys, greeting: Buffer) => Seal> = {
  "1.2": sealer12,
  "1.3": sealer13,
};
