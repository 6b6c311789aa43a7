import { createCipheriv, createHmac } from "node:crypto";
import { EventEmitter } from "node:events";
import type { TLSSocket } from "node:tls";
import { beforeEach, expect, test } from "@jest/globals";
import { handshakeContents } from "./handshake-contents.ts";

const SECRET = Buffer.alloc(32, 7);
const ALERT = 21;
const HANDSHAKE = 22;

function expand(label: string, length: number): Buffer {
  const name = Buffer.from(`tls13 ${label}`);
  const info = [Buffer.from([0, length, name.length]), name, Buffer.from([0, 1])];
  return createHmac("sha256", SECRET).update(Buffer.concat(info)).digest().subarray(0, length);
}

/** A record of application data that holds `content`. */
function sealed(content: string, { type = HANDSHAKE, padding = 0, sequence = 0 } = {}): Buffer {
  const inner = Buffer.concat([Buffer.from(content), Buffer.of(type), Buffer.alloc(padding)]);
  const head = Buffer.from([23, 3, 3, 0, inner.length + 16]);
  const nonce = Buffer.from(expand("iv", 12));
  nonce[11] = (nonce[11] ?? 0) ^ sequence;
  const cipher = createCipheriv("aes-128-gcm", expand("key", 16), nonce).setAAD(head);
  return Buffer.concat([head, cipher.update(inner), cipher.final(), cipher.getAuthTag()]);
}

let stream: EventEmitter;
let contentOf: (record: Buffer) => string | undefined;
beforeEach(() => {
  stream = new EventEmitter();
  const getCipher = () => ({ standardName: "TLS_AES_128_GCM_SHA256" });
  const contents = handshakeContents(Object.assign(stream, { getCipher }) as unknown as TLSSocket);
  contentOf = (record) => contents(record)?.toString();
});
const tellSecret = () =>
  stream.emit(
    "keylog",
    Buffer.from(`SERVER_HANDSHAKE_TRAFFIC_SECRET 00 ${SECRET.toString("hex")}\n`),
  );

test("what comes in clear", () => {
  expect(contentOf(Buffer.from("\x16\x03\x03\x00\x05hello"))).toBe("hello");
  expect(contentOf(Buffer.from("\x14\x03\x03\x00\x01\x01"))).toBe("");
  expect(contentOf(Buffer.from("HTTP/1.1 400 Bad Request"))).toBe("");
});

test("what is sealed, one record after the other, without what stands behind a part of a message", () => {
  tellSecret();
  expect(contentOf(sealed("cut in "))).toBe("cut in ");
  // None of it stands between the parts of a message.
  expect(contentOf(sealed("\x01\x5a", { type: ALERT, sequence: 1 }))).toBe("");
  expect(contentOf(sealed("two", { padding: 30, sequence: 2 }))).toBe("two");
  expect(contentOf(sealed("", { type: 0, sequence: 3 }))).toBe("");
});

test("sealed before there is a key, with another one, out of turn, or too short: cannot be told", () => {
  expect(contentOf(sealed("early"))).toBeUndefined();
  tellSecret();
  const broken = sealed("broken");
  broken[7] = (broken[7] ?? 0) ^ 1;
  expect(contentOf(broken)).toBeUndefined();
  expect(contentOf(sealed("again"))).toBeUndefined();
  expect(contentOf(sealed("short", { sequence: 2 }).subarray(0, 12))).toBeUndefined();
});
