/** Pure: DNS messages (RFC 1035), as much of them as a lookup of addresses needs. */
import { SocketAddress } from "node:net";

/** The two kinds of addresses that a name can have. */
export type AddressType = "A" | "AAAA";

/** What a name server said. */
export interface Reply {
  /** "absent": there is no such name. "none": it has no such address. "failed": the name server could not tell. */
  outcome: "found" | "none" | "absent" | "failed";
  /** At most MAX_ADDRESSES. */
  addresses: string[];
  /** The shortest time to live of the records in seconds; Infinity without any. */
  ttlSeconds: number;
  /** There is more of it than was sent or than is read. */
  truncated: boolean;
}

/**
 * The most bytes of an answer that are looked at, whatever its length. They hold 250 addresses, 16 times as many as
 * are used, and whoever answers for the name of a dependency decides what is in them.
 */
export const MAX_MESSAGE_BYTES = 4 * 1024;
/** The most addresses of one name and type that are used. */
export const MAX_ADDRESSES = 16;

const HEADER_BYTES = 12;
/** The bits of the header's second 16 that matter here, and the two codes that say what a name has. */
const FLAGS = { answer: 0x80_00, truncated: 0x02_00, recursionDesired: 0x01_00, code: 0x00_0f };
const NO_ERROR = 0;
const NO_SUCH_NAME = 3;
const TYPES = { A: 1, AAAA: 28 } as const;
const ADDRESS_BYTES = { A: 4, AAAA: 16 } as const;
const CLASS_INTERNET = 1;
/** RFC 1035, 2.3.4: of a label, and of a name with the length of each label and of the root. */
const MAX_LABEL_BYTES = 63;
const MAX_NAME_BYTES = 255;
/** What stands before a record's data: type, class, time to live and length. */
const RECORD_HEAD_BYTES = 10;
/** RFC 2181, 8: a time to live above it means 0. */
const MAX_TTL = 2 ** 31 - 1;

/**
 * The query for the addresses of `name`, without a dot at its end; `id` has 16 bits. undefined where DNS cannot carry
 * the name, so that it cannot exist.
 */
export function encodeQuery(id: number, name: string, type: AddressType): Buffer | undefined {
  const labels = name.split(".").map((label) => Buffer.from(label, "latin1"));
  const fits = labels.every(({ length }) => length >= 1 && length <= MAX_LABEL_BYTES);
  const question = Buffer.concat([
    ...labels.flatMap((label) => [Buffer.of(label.length), label]),
    Buffer.of(0, 0, TYPES[type], 0, CLASS_INTERNET),
  ]);
  if (!fits || question.length - 4 > MAX_NAME_BYTES) return undefined;
  const header = Buffer.alloc(HEADER_BYTES);
  header.writeUInt16BE(id, 0);
  header.writeUInt16BE(FLAGS.recursionDesired, 2);
  header.writeUInt16BE(1, 4);
  return Buffer.concat([header, question]);
}

/**
 * What `message` says about the question of `query`; undefined where it is no answer to that one. Takes time in
 * proportion to MAX_MESSAGE_BYTES at most: names are skipped, not put together, so that pointers are not followed.
 *
 * Addresses count whichever name of the answer they belong to: a chain of aliases leads from the name that was asked
 * for to theirs, and whoever can write another chain can write other addresses as well. The C library of musl does so.
 */
export function parseReply(message: Buffer, query: Buffer): Reply | undefined {
  if (message.length < HEADER_BYTES || message.readUInt16BE(0) !== query.readUInt16BE(0)) {
    return undefined;
  }
  const flags = message.readUInt16BE(2);
  if ((flags & FLAGS.answer) === 0) return undefined;
  const code = flags & FLAGS.code;
  if (code !== NO_ERROR && code !== NO_SUCH_NAME) return { ...NOTHING, outcome: "failed" };
  if (!repeatsQuestion(message, query)) return undefined;
  const truncated = (flags & FLAGS.truncated) !== 0;
  if (code === NO_SUCH_NAME) return { ...NOTHING, outcome: "absent", truncated };
  const answers = readRecords(message, query);
  const outcome = answers.addresses.length > 0 ? "found" : "none";
  return { ...answers, outcome, truncated: truncated || answers.truncated };
}

const NOTHING: Reply = { outcome: "none", addresses: [], ttlSeconds: Infinity, truncated: false };

/** Name servers may change the case of letters. */
function repeatsQuestion(message: Buffer, query: Buffer): boolean {
  const question = (bytes: Buffer) =>
    bytes.toString("latin1", HEADER_BYTES, query.length).toLowerCase();
  return message.readUInt16BE(4) === 1 && question(message) === question(query);
}

function readRecords(message: Buffer, query: Buffer): Omit<Reply, "outcome"> {
  const wanted = query.readUInt16BE(query.length - 4) === TYPES.A ? "A" : "AAAA";
  const end = Math.min(message.length, MAX_MESSAGE_BYTES);
  const addresses: string[] = [];
  let ttlSeconds = Infinity;
  let offset = query.length;
  for (let left = message.readUInt16BE(6); left > 0; left -= 1) {
    const record = readRecord(message, offset, end);
    if (record === undefined) return { addresses, ttlSeconds, truncated: true };
    ttlSeconds = Math.min(ttlSeconds, record.ttlSeconds);
    if (isAddress(record, wanted)) addresses.push(textOf(record.data));
    if (addresses.length === MAX_ADDRESSES) break;
    offset = record.end;
  }
  return { addresses, ttlSeconds, truncated: false };
}

interface ResourceRecord {
  type: number;
  class: number;
  ttlSeconds: number;
  data: Buffer;
  /** Where the next one begins. */
  end: number;
}

/** undefined where the record is not whole before `end`. */
function readRecord(message: Buffer, start: number, end: number): ResourceRecord | undefined {
  const head = endOfName(message, start, end);
  const data = head + RECORD_HEAD_BYTES;
  if (data > end) return undefined;
  const next = data + message.readUInt16BE(head + 8);
  if (next > end) return undefined;
  const ttl = message.readUInt32BE(head + 4);
  return {
    type: message.readUInt16BE(head),
    class: message.readUInt16BE(head + 2),
    ttlSeconds: ttl > MAX_TTL ? 0 : ttl,
    data: message.subarray(data, next),
    end: next,
  };
}

/** Behind the name that begins at `start`; past `end` where it is not whole or no name. */
function endOfName(message: Buffer, start: number, end: number): number {
  let offset = start;
  while (offset < end) {
    const length = message.readUInt8(offset);
    if (length === 0) return offset + 1;
    // The rest of the name is elsewhere, and these two bytes say where.
    if (length >= 0xc0) return offset + 2;
    if (length > MAX_LABEL_BYTES) break;
    offset += 1 + length;
  }
  return Infinity;
}

function isAddress(record: ResourceRecord, wanted: AddressType): boolean {
  return (
    record.type === TYPES[wanted] &&
    record.class === CLASS_INTERNET &&
    record.data.length === ADDRESS_BYTES[wanted]
  );
}

function textOf(data: Buffer): string {
  if (data.length === ADDRESS_BYTES.A) return data.join(".");
  const groups = Array.from({ length: 8 }, (_, index) => data.readUInt16BE(2 * index).toString(16));
  // The usual text, without the longest row of zeros.
  return new SocketAddress({ address: groups.join(":"), family: "ipv6" }).address;
}
