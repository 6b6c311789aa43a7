import { describe, expect, test } from "@jest/globals";
import {
  type AddressType,
  encodeQuery,
  MAX_ADDRESSES,
  MAX_MESSAGE_BYTES,
  parseReply,
  type Reply,
} from "./dns-message.ts";

const ID = 0xbeef;
/** Type, class, time to live. */
const A = [0, 1, 0, 1, 0, 0, 0, 60];
const AAAA = [0, 28, 0, 1, 0, 0, 0, 30];
const ALIAS = [0, 5, 0, 1, 0, 0, 0, 7];
const SAME_NAME = [0xc0, 12];

const record = (name: number[], head: number[], data: number[]): Buffer =>
  Buffer.from([...name, ...head, data.length >> 8, data.length & 0xff, ...data]);
const four = (last: number) => record(SAME_NAME, A, [10, 0, 0, last]);

function query(type: AddressType = "A", name = "db.test"): Buffer {
  const encoded = encodeQuery(ID, name, type);
  if (encoded === undefined) throw new Error(`no query for ${name}`);
  return encoded;
}

interface Fields {
  asked: Buffer;
  flags: number;
  count: number;
}

function reply(records: Buffer[], fields: Partial<Fields> = {}): Buffer {
  const { asked = query(), flags = 0x81_80, count = records.length } = fields;
  const message = Buffer.concat([asked, ...records]);
  message.writeUInt16BE(flags, 2);
  message.writeUInt16BE(count, 6);
  return message;
}

const NONE: Reply = { outcome: "none", addresses: [], ttlSeconds: Infinity, truncated: false };
const found = (addresses: string[], ttlSeconds: number): Reply => ({
  outcome: "found",
  addresses,
  ttlSeconds,
  truncated: false,
});

describe("a query", () => {
  test("is what RFC 1035 says", () => {
    expect(query().toString("hex")).toBe(
      "beef01000001000000000000" + "026462" + "0474657374" + "00" + "0001" + "0001",
    );
    expect(query("AAAA").toString("hex")).toMatch(/001c0001$/);
  });

  const label = "a".repeat(63);
  test.each([
    [label, true],
    [`${label}a`, false],
    [`${label}.${label}.${label}.${"a".repeat(61)}`, true],
    [`${label}.${label}.${label}.${"a".repeat(62)}`, false],
    ["a..b", false],
    ["", false],
  ])("%s: %s", (name, can) => {
    expect(encodeQuery(ID, name, "A") !== undefined).toBe(can);
  });
});

test.each<[string, Buffer, Reply]>([
  ["addresses", reply([four(1), four(2)]), found(["10.0.0.1", "10.0.0.2"], 60)],
  [
    "an alias and the address of its name, spelled out: the shortest time to live",
    reply([record(SAME_NAME, ALIAS, [1, 97, 0]), record([1, 97, 0], A, [10, 0, 0, 9])]),
    found(["10.0.0.9"], 7),
  ],
  [
    "an alias that leads nowhere",
    reply([record(SAME_NAME, ALIAS, [1, 97, 0])]),
    { ...NONE, ttlSeconds: 7 },
  ],
  ["no records", reply([]), NONE],
  ["no such name", reply([], { flags: 0x81_83 }), { ...NONE, outcome: "absent" }],
  ["a failure", reply([], { flags: 0x81_82 }), { ...NONE, outcome: "failed" }],
  ["a refusal", reply([], { flags: 0x81_85 }), { ...NONE, outcome: "failed" }],
  ["more elsewhere", reply([], { flags: 0x83_80 }), { ...NONE, truncated: true }],
  [
    "some of the addresses",
    reply([four(1)], { flags: 0x83_80 }),
    { ...found(["10.0.0.1"], 60), truncated: true },
  ],
  [
    "fewer records than it says",
    reply([four(1)], { count: 2 }),
    { ...found(["10.0.0.1"], 60), truncated: true },
  ],
  ["an address cut off", reply([four(1)]).subarray(0, -1), { ...NONE, truncated: true }],
  [
    "a record of the other family",
    reply([record(SAME_NAME, AAAA, Array(16).fill(1))]),
    { ...NONE, ttlSeconds: 30 },
  ],
  [
    "an address of another length",
    reply([record(SAME_NAME, A, [10, 0, 0])]),
    { ...NONE, ttlSeconds: 60 },
  ],
  [
    "an address of another class",
    reply([record(SAME_NAME, [0, 1, 0, 3, 0, 0, 0, 60], [10, 0, 0, 1])]),
    { ...NONE, ttlSeconds: 60 },
  ],
  [
    "a time to live above what there is",
    reply([record(SAME_NAME, [0, 1, 0, 1, 0xff, 0, 0, 0], [10, 0, 0, 1])]),
    found(["10.0.0.1"], 0),
  ],
  [
    "the case of letters changed",
    Buffer.concat([reply([four(1)]).fill("DB", 13, 15)]),
    found(["10.0.0.1"], 60),
  ],
])("%s", (_, message, expected) => {
  expect(parseReply(message, query())).toStrictEqual(expected);
});

test("an address of IPv6, as usual without its longest row of zeros", () => {
  const asked = query("AAAA");
  const data = [0x20, 1, 0xd, 0xb8, ...Array(11).fill(0), 1];
  const message = reply([record(SAME_NAME, AAAA, data)], { asked });
  expect(parseReply(message, asked)).toStrictEqual(found(["2001:db8::1"], 30));
});

test.each([
  ["another id", Buffer.concat([Buffer.from([0, 0]), reply([four(1)]).subarray(2)])],
  ["a query", query()],
  ["another name", reply([four(1)], { asked: query("A", "dc.test") })],
  ["another type", reply([four(1)], { asked: query("AAAA") })],
  ["a longer name", reply([four(1)], { asked: query("A", "db.test.x") })],
  ["less than a header", reply([]).subarray(0, 11)],
  ["nothing", Buffer.alloc(0)],
  ["no question", Buffer.concat([reply([]).fill(0, 4, 6)])],
])("no answer to this query: %s", (_, message) => {
  expect(parseReply(message, query())).toBeUndefined();
});

describe("a hostile answer", () => {
  test("gives no more addresses than are used", () => {
    const message = reply(Array.from({ length: 200 }, (_, index) => four(index)));
    expect(parseReply(message, query())?.addresses).toHaveLength(MAX_ADDRESSES);
  });

  test("is read as far as its bound and no further", () => {
    const alias = record(SAME_NAME, ALIAS, [1, 97, 0]);
    const room = MAX_MESSAGE_BYTES - query().length - four(1).length;
    const before = Array.from({ length: Math.floor(room / alias.length) }, () => alias);
    expect(parseReply(reply([...before, four(1)]), query())).toMatchObject({
      addresses: ["10.0.0.1"],
    });
    expect(parseReply(reply([...before, alias, alias, four(1)]), query())).toMatchObject({
      addresses: [],
      truncated: true,
    });
  });

  test.each([
    ["a name that points at itself", [0xc0, query().length]],
    // As long as it says, so that it would be a name if it were taken for a label of the usual kind.
    ["a name that is a label of no kind", [0x80, ...Array(0x80).fill(1), 0]],
    ["a name without an end", Array(64).fill(63)],
  ])("%s ends it", (_, name) => {
    const outcome = parseReply(reply([record(name, A, [10, 0, 0, 1]), four(2)]), query());
    // A pointer is skipped, not followed, so that the record counts.
    expect(outcome?.addresses).toStrictEqual(name[0] === 0xc0 ? ["10.0.0.1", "10.0.0.2"] : []);
  });

  test("may be cut or changed anywhere", () => {
    const whole = reply([record(SAME_NAME, ALIAS, [1, 97, 0]), four(1), four(2)]);
    for (let at = 0; at < whole.length; at += 1) {
      const outcomes = [0, 0x3f, 0x40, 0xc0, 0xff].map((byte) => {
        const changed = Buffer.from(whole);
        changed.writeUInt8(byte, at);
        return [parseReply(changed, query()), parseReply(changed.subarray(0, at), query())];
      });
      for (const outcome of outcomes.flat()) {
        expect(outcome?.addresses.length ?? 0).toBeLessThanOrEqual(3);
      }
    }
  });
});
