/**
 * Records of a TLS server's handshake -> what is in them, before OpenSSL has seen them. In TLS 1.2 all of it that
 * matters comes in clear. In TLS 1.3 everything after the ServerHello is sealed, with a key that OpenSSL tells.
 */
import { type CipherGCMTypes, createDecipheriv, createHmac } from "node:crypto";
import type { TLSSocket } from "node:tls";
import { APPLICATION_DATA, HANDSHAKE, HEAD_LENGTH } from "./tls-records.ts";

/** The length of the seal behind what is sealed, in bytes: the same for all ciphers of TLS 1.3 here. */
const SEAL_LENGTH = 16;
const NONCE_LENGTH = 12;

interface Suite {
  cipher: CipherGCMTypes | "chacha20-poly1305";
  keyLength: number;
  hash: string;
}
/** All that Node offers of TLS 1.3 (RFC 8446, section B.4). */
const SUITES: Readonly<Record<string, Suite>> = {
  TLS_AES_128_GCM_SHA256: { cipher: "aes-128-gcm", keyLength: 16, hash: "sha256" },
  TLS_AES_256_GCM_SHA384: { cipher: "aes-256-gcm", keyLength: 32, hash: "sha384" },
  TLS_CHACHA20_POLY1305_SHA256: { cipher: "chacha20-poly1305", keyLength: 32, hash: "sha256" },
};

/** In the lines of the event `keylog`: a label, the client's random and the secret. */
const SERVER_SECRET = /^SERVER_HANDSHAKE_TRAFFIC_SECRET [0-9a-f]+ ([0-9a-f]+)\n?$/i;

const NOTHING = Buffer.alloc(0);

interface Key {
  suite: Suite;
  key: Buffer;
  nonce: Buffer;
}

/** RFC 8446, sections 7.1 and 7.3. What is asked for is never longer than the hash, so that its first block will do. */
function keyOf(suite: Suite, secret: Buffer): Key {
  const expand = (label: string, length: number) => {
    const name = Buffer.from(`tls13 ${label}`);
    const info = Buffer.concat([Buffer.from([0, length, name.length]), name, Buffer.from([0, 1])]);
    return createHmac(suite.hash, secret).update(info).digest().subarray(0, length);
  };
  return { suite, key: expand("key", suite.keyLength), nonce: expand("iv", NONCE_LENGTH) };
}

/** What is sealed in this record, undefined where it is not sealed with this key (RFC 8446, sections 5.2 and 5.3). */
function open({ suite, key, nonce }: Key, sequence: number, record: Buffer): Buffer | undefined {
  const once = Buffer.from(nonce);
  // So few records that their number fits the last of its eight bytes' four.
  once.writeUInt32BE((once.readUInt32BE(NONCE_LENGTH - 4) ^ sequence) >>> 0, NONCE_LENGTH - 4);
  const decipher = createDecipheriv(suite.cipher as CipherGCMTypes, key, once, {
    authTagLength: SEAL_LENGTH,
  });
  const seal = record.length - SEAL_LENGTH;
  if (seal < HEAD_LENGTH) return undefined;
  decipher.setAAD(record.subarray(0, HEAD_LENGTH)).setAuthTag(record.subarray(seal));
  try {
    return Buffer.concat([decipher.update(record.subarray(HEAD_LENGTH, seal)), decipher.final()]);
  } catch {
    return undefined;
  }
}

/**
 * Of what was sealed, the part of a message of the handshake: what follows it are its type and any number of zeros.
 * With these in between, or with an alert, a message in two records would not read as OpenSSL reads it.
 */
function messagePart(inner: Buffer): Buffer {
  let end = inner.length - 1;
  while (end >= 0 && inner[end] === 0) end -= 1;
  return inner[end] === HANDSHAKE ? inner.subarray(0, end) : NOTHING;
}

/**
 * Tells of one record of the handshake after the other what of its messages is in it. To be asked for a record once
 * OpenSSL has worked through all before it. Undefined where that cannot be told: such a record is none of an honest
 * handshake. What is no record at all has nothing in it, for OpenSSL to say so.
 */
export function handshakeContents(stream: TLSSocket): (record: Buffer) => Buffer | undefined {
  let sealedWith: Key | undefined;
  let sequence = 0;
  stream.on("keylog", (line: Buffer) => {
    const secret = SERVER_SECRET.exec(line.toString("latin1"))?.[1];
    const suite = SUITES[stream.getCipher().standardName];
    if (secret && suite) sealedWith = keyOf(suite, Buffer.from(secret, "hex"));
  });
  return (record) => {
    if (record[0] === HANDSHAKE) return record.subarray(HEAD_LENGTH);
    if (record[0] !== APPLICATION_DATA) return NOTHING;
    if (sealedWith === undefined) return undefined;
    const inner = open(sealedWith, sequence, record);
    sequence += 1;
    return inner && messagePart(inner);
  };
}
