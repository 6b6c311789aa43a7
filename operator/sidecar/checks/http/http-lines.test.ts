import { describe, expect, test } from "@jest/globals";
import { createLines } from "./http-lines.ts";

/** The lines of the chunks, and what is left of them at most 9 characters long. */
function read(chunks: Iterable<string>): { lines: string[]; left: string } {
  const lines = createLines();
  const taken: string[] = [];
  for (const chunk of chunks) {
    lines.add(chunk);
    for (let line = lines.next(); line !== undefined; line = lines.next()) taken.push(line);
  }
  return { lines: taken, left: lines.beginning(9) };
}

const TEXT = "first\r\n\r\nthe\rthi\nrd\r\r\nand \r";
const EXPECTED = { lines: ["first", "", "the\rthi", "rd\r"], left: "and \r" };

test("lines at once", () => {
  expect(read([TEXT])).toEqual(EXPECTED);
});

test("lines letter by letter", () => {
  expect(read(TEXT)).toEqual(EXPECTED);
});

test("cut anywhere, they are the same", () => {
  for (let cut = 1; cut < TEXT.length; cut += 1) {
    expect(read([TEXT.slice(0, cut), TEXT.slice(cut)])).toEqual(EXPECTED);
  }
});

test.each([
  ["in one piece", ["0123456789"]],
  ["in pieces", [..."0123456789"]],
])("the beginning of a line %s", (_, chunks) => {
  expect(read(chunks).left).toBe("012345678");
});

test("nothing arrived: no line and no beginning", () => {
  expect(read([])).toEqual({ lines: [], left: "" });
});

describe("between two lines", () => {
  const betweenLines = () => {
    const lines = createLines();
    lines.add("line\r\nrest\r\nmore");
    lines.next();
    return lines;
  };

  test("characters are skipped, as many as are there", () => {
    const lines = betweenLines();
    expect([lines.skip(2), lines.next(), lines.skip(9), lines.skip(9)]).toEqual([2, "st", 4, 0]);
  });

  test("the rest is taken, line ends included, once", () => {
    const lines = betweenLines();
    expect([lines.takeRest(), lines.takeRest()]).toEqual(["rest\r\nmore", ""]);
  });
});
