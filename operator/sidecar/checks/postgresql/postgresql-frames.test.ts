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

/** As PostgreSQL says it, and as it does in another language. */
const NO_PROCESS = Buffer.from(
  "Ecould not fork new process for connection: Cannot allocate memory\n\0",
);
const NO_PROCESS_ELSEWHERE = Buffer.from(
  "Eне удалось породить новый процесс: Ресурс недоступен\n\0",
);

describe("no process for one more session", () => {
  test.each<[string, Iterable<Buffer>]>([
    ["at once", [NO_PROCESS]],
    ["in another language", [NO_PROCESS_ELSEWHERE]],
    [
      "in pieces",
      [1, 2, 4, 5, 30].map((from, index, all) =>
        NO_PROCESS.subarray(from - 1, (all[index + 1] ?? 99) - 1),
      ),
    ],
    ["as long as the server's buffer", [Buffer.from(`E${"x".repeat(997)}\n\0`)]],
  ])("%s: TooManyConnections", (_, chunks) => {
    expect(read(chunks)).toBe("TooManyConnections");
  });

  test("unfinished, it waits", () => {
    expect(read([NO_PROCESS.subarray(0, 30), NO_PROCESS.subarray(30, -2)])).toBe("");
  });

  test.each<[string, Buffer]>([
    ["longer than the server's buffer", Buffer.from(`E${"x".repeat(998)}\n\0`)],
    ["memcached's line", Buffer.from("ERROR\r\n")],
    ["a text without a line's end", Buffer.from("Ecould not fork\0")],
    ["more behind it", Buffer.concat([NO_PROCESS, Buffer.from("x")])],
    ["in a session", Buffer.concat([message("R", Buffer.alloc(4)), NO_PROCESS])],
  ])("%s: ProtocolError", (__, bytes) => {
    expect(read([bytes])).toMatch(/ProtocolError$/);
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
