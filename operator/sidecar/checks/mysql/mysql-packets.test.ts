import { expect, test } from "@jest/globals";
import { MAX_BYTES } from "../network/read-until.ts";
import { cpuRatio } from "../testing/cpu-ratio.ts";
import { createPacketReader, type Packet, packetBytes } from "./mysql-packets.ts";

const FIRST = { sequence: 0, body: Buffer.from("hello") };
const SECOND = { sequence: 255, body: Buffer.alloc(300, "x") };
const EMPTY = { sequence: 7, body: Buffer.alloc(0) };
const BYTES = Buffer.concat([FIRST, SECOND, EMPTY].map(packetBytes));

function read(...chunks: Buffer[]): Packet[] {
  const packets: Packet[] = [];
  const reader = createPacketReader((packet) => packets.push(packet));
  for (const chunk of chunks) reader(chunk);
  return packets;
}

test("a packet's bytes: three of length, one of sequence, and the body", () => {
  expect(packetBytes({ sequence: 7, body: Buffer.alloc(0x01_02_03, "x") }).subarray(0, 5)).toEqual(
    Buffer.from([3, 2, 1, 7, 0x78]),
  );
});

test("several packets in one chunk", () => {
  expect(read(BYTES)).toEqual([FIRST, SECOND, EMPTY]);
});

test("cut anywhere, they are the same", () => {
  for (let cut = 1; cut < BYTES.length; cut += 1) {
    expect(read(BYTES.subarray(0, cut), BYTES.subarray(cut))).toEqual([FIRST, SECOND, EMPTY]);
  }
});

test("byte by byte", () => {
  const bytes = [...BYTES].map((byte) => Buffer.from([byte]));
  expect(read(...bytes)).toEqual([FIRST, SECOND, EMPTY]);
});

test("a packet that is not whole is none", () => {
  expect(read(BYTES.subarray(0, 8))).toEqual([]);
});

test("a length up to what a check reads is waited for, a longer one is not believed", () => {
  const header = (length: number) => {
    const bytes = Buffer.alloc(4);
    bytes.writeUIntLE(length, 0, 3);
    return bytes;
  };
  expect(read(header(MAX_BYTES - 4))).toEqual([]);
  expect(() => read(header(MAX_BYTES - 3))).toThrow("ProtocolError");
});

test("a long packet costs what as many bytes of short ones cost, in as many pieces", () => {
  const pieces = (bytes: Buffer) =>
    Array.from({ length: 980 }, (_, index) => bytes.subarray(index * 65, index * 65 + 65));
  const long = pieces(packetBytes({ sequence: 0, body: Buffer.alloc(MAX_BYTES - 4) }));
  const short = pieces(
    Buffer.alloc(MAX_BYTES, packetBytes({ sequence: 0, body: Buffer.alloc(61) })),
  );
  expect(read(...short)).toHaveLength(980);
  expect(
    cpuRatio(
      () => read(...long),
      () => read(...short),
    ),
  ).toBeLessThan(5);
});
