import { describe, expect, test } from "@jest/globals";
import { isTooMuch, MAX_CHUNKS } from "../network/read-until.ts";
import { cpuRatio } from "../testing/cpu-ratio.ts";
import { createBodyReader, MAX_BODY_LINES } from "./http-body.ts";

test("no body is complete at once", () => {
  expect(createBodyReader({ kind: "none" })("")).toBe(true);
});

test("a body that ends with the connection is never complete before", () => {
  expect(createBodyReader({ kind: "close" })("ok")).toBe(false);
});

describe("a body of a length", () => {
  test("is complete with its last byte", () => {
    const isComplete = createBodyReader({ kind: "length", bytes: 4 });
    expect([isComplete(""), isComplete("ab"), isComplete("c"), isComplete("d")]).toEqual([
      false,
      false,
      false,
      true,
    ]);
  });

  test.each([
    [0, ""],
    [2, "ok and more"],
  ])("of %d bytes is complete with %j", (bytes, text) => {
    expect(createBodyReader({ kind: "length", bytes })(text)).toBe(true);
  });
});

describe("a body in chunks", () => {
  const chunked = () => createBodyReader({ kind: "chunked" });

  test.each([
    "0\r\n\r\n",
    "2\r\nok\r\n0\r\n\r\n",
    "A\r\n0123\r\n6789\r\n0\r\n\r\n",
    "2;name=value\r\nok\r\n0;x\r\n\r\n",
    "2 \r\nok\r\n000\r\nTrailer: x\r\n\r\n",
    "2\r\nok\r\n0\r\n\r\nand more",
    "2\nok\n0\n\n",
  ])("%j is complete", (text) => {
    expect(chunked()(text)).toBe(true);
  });

  test("that comes byte by byte is complete with the last one", () => {
    const isComplete = chunked();
    const results = [
      ..."2\r\nok\r\n1f\r\n0123456789abcdef0123456789abcde\r\n0\r\nT: x\r\n\r\n",
    ].map(isComplete);
    expect(results.indexOf(true)).toBe(results.length - 1);
  });

  test.each(["", "2\r\nok", "2\r\nok\r\n", "2\r\nok\r\n0\r\n", "ffffffff\r\nok"])(
    "%j is not complete",
    (text) => {
      expect(chunked()(text)).toBe(false);
    },
  );

  test.each([
    "\r\n",
    "-1\r\n",
    "0x2\r\n",
    "+2\r\n",
    "2,\r\n",
    "123456789\r\n",
    "g\r\n",
    "2\r\nokay\r\n",
    "2\r\nok0\r\n",
  ])("%j is broken: ProtocolError", (text) => {
    expect(() => chunked()(text)).toThrow("ProtocolError");
  });
});

describe("more lines than a check reads:", () => {
  test.each([
    ["chunks", "1\r\nx\r\n".repeat(MAX_BODY_LINES / 2), "1\r\n"],
    ["trailers", `0\r\n${"A: b\r\n".repeat(MAX_BODY_LINES - 1)}`, "A: b\r\n"],
  ])("%s", (_, most, oneMore) => {
    const isComplete = createBodyReader({ kind: "chunked" });
    expect(isComplete(most)).toBe(false);
    let failure: unknown;
    try {
      isComplete(oneMore);
    } catch (error) {
      failure = error;
    }
    expect(isTooMuch(failure)).toBe(true);
  });
});

describe("a line that never ends costs what as many bytes of short chunks cost, in as many pieces:", () => {
  const read = (first: string, piece: string) => () => {
    const isComplete = createBodyReader({ kind: "chunked" });
    isComplete(first);
    for (let pieces = 0; pieces < MAX_CHUNKS; pieces += 1) isComplete(piece);
  };
  const ordinary = read("", `fa\r\n${"a".repeat(250)}\r\n`);

  test.each([
    ["the size of a chunk", "1;", "a"],
    ["a trailer", "0\r\nX: ", "a"],
    ["carriage returns", "1;", "\r"],
  ])("%s", (_, first, filler) => {
    expect(cpuRatio(read(first, filler.repeat(256)), ordinary)).toBeLessThan(10);
  });
});
