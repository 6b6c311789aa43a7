import { describe, expect, test } from "@jest/globals";
import { MAX_BYTES } from "../network/read-until.ts";
import { cpuRatio } from "../testing/cpu-ratio.ts";
import { createFrameReader } from "./postgresql-frames.ts";
import { LOGGED_IN, message, ONE_ROW } from "./testing/fake-postgresql.ts";

/** The types of the messages in `chunks`, or the reason of what was thrown. */
function read(chunks: Iterable<Buffer>): string {
  let types = "";
  const reader = createFrameReader(({ type }) => {
    types += type;
  });
  try {
    for (const chunk of chunks) reader(chunk);
  } catch (error) {
    return (error as { reason: string }).reason;
  }
  return types;
}

const SESSION = Buffer.concat([LOGGED_IN, ONE_ROW]);

describe("whole messages", () => {
  test.each<[string, Iterable<Buffer>]>([
    ["at once", [SESSION]],
    ["byte by byte", Array.from(SESSION, (byte) => Buffer.from([byte]))],
    ["in two uneven parts", [SESSION.subarray(0, 11), SESSION.subarray(11)]],
  ])("%s", (_, chunks) => {
    expect(read(chunks)).toBe("RSKZCTDCZ");
  });

  test("one as long as a check reads", () => {
    expect(read([message("D", "x".repeat(MAX_BYTES - 5))])).toBe("D");
  });

  test("an unfinished one waits", () => {
    expect(read([message("Z", "I").subarray(0, 5)])).toBe("");
  });

  test("the body is what follows type and length", () => {
    const bodies: string[] = [];
    const reader = createFrameReader(({ body }) => bodies.push(body.toString()));
    for (const byte of Buffer.concat([message("C", "SET"), message("I"), message("Z", "I")])) {
      reader(Buffer.from([byte]));
    }
    expect(bodies).toEqual(["SET", "", "I"]);
  });
});

describe("ProtocolError", () => {
  test.each<[string, Buffer]>([
    ["the first letter of a web server", Buffer.from("H")],
    ["a TLS alert", Buffer.from([21, 3, 3, 0, 2])],
    ["zeros", Buffer.alloc(16)],
    ["a length below its own", Buffer.from([0x5a, 0, 0, 0, 3])],
    ["a length over the limit", Buffer.from([0x5a, 0, 1, 0, 0])],
    ["a length of gigabytes", Buffer.from([0x5a, 255, 255, 255, 255])],
  ])("%s", (_, bytes) => {
    expect(read([bytes])).toBe("ProtocolError");
  });
});

test("a long message costs what as many bytes of short ones cost, in as many pieces", () => {
  const pieces = (bytes: Buffer) =>
    Array.from({ length: 980 }, (_, index) => bytes.subarray(index * 65, index * 65 + 65));
  const long = pieces(message("D", "x".repeat(MAX_BYTES - 5)));
  const short = pieces(Buffer.alloc(MAX_BYTES, message("D", "x".repeat(60))));
  expect(read(short)).toBe("D".repeat(980));
  expect(
    cpuRatio(
      () => read(long),
      () => read(short),
    ),
  ).toBeLessThan(5);
});
