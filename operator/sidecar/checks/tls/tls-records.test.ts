import { expect, test } from "@jest/globals";
import { handshakeRule, MAX_SILENT_RECORDS, recordSplitter, silenceRule } from "./tls-records.ts";

/** A record of `type` with `length` bytes after its head. */
function record(type: number, length: number): Buffer {
  return Buffer.concat([
    Buffer.from([type, 3, 3, length >> 8, length & 255]),
    Buffer.alloc(length),
  ]);
}
const CHANGE_CIPHER_SPEC = record(20, 1);
const ALERT = record(21, 2);
const HANDSHAKE = record(22, 40);
const CONTENT = record(23, 300);

const STREAM = [HANDSHAKE, CHANGE_CIPHER_SPEC, record(23, 0), ALERT, CONTENT, record(23, 18_432)];

test.each([1, 2, 4, 5, 6, 7, 300, 1_000, 100_000])(
  "records out of pieces of %i bytes",
  (length) => {
    const split = recordSplitter();
    const bytes = Buffer.concat(STREAM);
    const got: Buffer[] = [];
    for (let at = 0; at < bytes.length; at += length)
      got.push(...split(bytes.subarray(at, at + length)));
    expect(got).toEqual(STREAM);
  },
);

test("a record comes out with its last byte", () => {
  const split = recordSplitter();
  expect(split(CONTENT.subarray(0, -1))).toEqual([]);
  expect(split(CONTENT.subarray(-1))).toEqual([CONTENT]);
});

test.each([
  ["a type before the first", record(19, 0)],
  ["a type after the last", record(24, 0)],
  ["another version", Buffer.from([22, 2, 3, 0, 9])],
  ["a length that no record has", Buffer.from([22, 3, 3, 0x48, 0x01])],
  ["an answer in clear", Buffer.from("HTTP/1.1 400 Bad Request\r\n")],
])("%s: comes out as it is, at once", (_, bytes) => {
  const split = recordSplitter();
  expect(split(Buffer.concat([ALERT, bytes]))).toEqual([ALERT, bytes]);
});

/** How many of `records` may come. */
function allowed(records: Buffer[]): number {
  const mayCome = handshakeRule();
  const refused = records.findIndex((one) => !mayCome(one));
  return refused === -1 ? records.length : refused;
}

test.each<[string, Buffer[], number]>([
  ["TLS 1.2", [HANDSHAKE, record(22, 4_000), CHANGE_CIPHER_SPEC, HANDSHAKE, CONTENT, ALERT], 6],
  ["TLS 1.3", [HANDSHAKE, CHANGE_CIPHER_SPEC, CONTENT, CONTENT], 4],
  ["HelloRetryRequest", [HANDSHAKE, CHANGE_CIPHER_SPEC, record(22, 250), CONTENT], 4],
  ["another handshake", [HANDSHAKE, CHANGE_CIPHER_SPEC, HANDSHAKE, CONTENT, HANDSHAKE], 4],
  ["beside the end of the first", [HANDSHAKE, CHANGE_CIPHER_SPEC, record(22, 252)], 2],
  ["a second change", [CHANGE_CIPHER_SPEC, HANDSHAKE, CHANGE_CIPHER_SPEC, HANDSHAKE], 3],
])("handshake records: %s", (_, records, want) => {
  expect(allowed(records)).toBe(want);
});

/** How many records of `length` bytes may come, of which each gives `content` bytes. */
function tolerated(length: number, content: (record: number) => number): number {
  const mayGoOn = silenceRule();
  const bytes = Buffer.alloc(length);
  let given = 0;
  let count = 0;
  while (count < 5_000) {
    given += content(count);
    if (!mayGoOn(bytes, given)) break;
    count += 1;
  }
  return count;
}

test.each<[string, number, (record: number) => number, number]>([
  ["with content", 64, () => 30, 5_000],
  ["without, small", 27, () => 0, MAX_SILENT_RECORDS],
  ["without, large", 2_048, () => 0, 4],
  ["larger than all may be", 8_193, () => 0, 0],
  ["every other without", 27, (count) => count % 2, 2 * MAX_SILENT_RECORDS],
])("silence: %s", (_, length, content, want) => {
  expect(tolerated(length, content)).toBe(want);
});
