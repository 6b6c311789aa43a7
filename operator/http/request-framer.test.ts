import { describe, expect, test } from "@jest/globals";
import { createRequestFramer } from "./request-framer.ts";

const HEAD = "POST /mutate HTTP/1.1\r\nHost: localhost\r\n";
const GET = "GET / HTTP/1.1\r\nHost: localhost\r\n\r\n";
const post = (body: string) => `${HEAD}Content-Length: ${body.length}\r\n\r\n${body}`;

/** What a new framer lets through of these pieces, as text; undefined where the connection ends. */
function taken(...pieces: string[]): (string | undefined)[] {
  const framer = createRequestFramer();
  return pieces.map((piece) => framer.take(Buffer.from(piece, "latin1"))?.toString("latin1"));
}

describe("passes to the parser", () => {
  test.each([
    ["a request without a body", [GET]],
    ["one with a body", [post("{}")]],
    ["one in two pieces", [post("{}").slice(0, 30), post("{}").slice(30)]],
    ["its body apart", [post("{}").slice(0, -2), "{", "}"]],
    ["a name of any case, and spaces about the number", [`${HEAD}CONTENT-length:\t 2 \r\n\r\n{}`]],
    ["a head whose lines end with LF alone", ["GET / HTTP/1.1\nHost: a\n\n"]],
    ["128 pieces of one byte", [...GET, ...""].slice(0, 128)],
  ])("%s", (_, pieces) => {
    expect(taken(...pieces)).toStrictEqual(pieces);
  });

  test("an API server's largest body in records of 1,024 bytes", () => {
    const framer = createRequestFramer();
    const bytes = 3 * 1024 * 1024;
    framer.take(Buffer.from(`${HEAD}Content-Length: ${bytes}\r\n\r\n`));
    const record = Buffer.alloc(1_024);
    for (let sent = 0; sent < bytes; sent += record.length) {
      expect(framer.take(record)).toBe(record);
    }
  });

  test("of a body in chunks the head alone", () => {
    const head = `${HEAD}Transfer-Encoding: chunked\r\n\r\n`;
    expect(taken(`${head}0\r\n\r\n${GET}`, GET)).toStrictEqual([head, ""]);
  });
});

describe("ends the connection", () => {
  test.each([
    ["on a second request beside the first", [`${GET}${GET}`]],
    ["on a second one before the first is answered", [GET, GET]],
    ["on one byte more than the body", [`${post("{}")}x`]],
    ["on one byte more than the body, later", [post("{}"), "x"]],
    ["on an empty line before a request", [`\r\n${GET}`]],
    ["on an empty line of LF", [`\n${GET}`]],
    ["on what follows a blank line of any kind", [`GET / HTTP/1.1\nHost: a\r\n\n${GET}`]],
    ["on what follows a blank line of several CR", [`GET / HTTP/1.1\r\n\r\r\n${GET}`]],
    ["on two lengths", [`${HEAD}Content-Length: 2\r\nContent-Length: 2\r\n\r\n{}`]],
    ["on a length that is no number", [`${HEAD}Content-Length: 2, 2\r\n\r\n{}`]],
    ["on a length in a line that goes on", [`${HEAD}X: a\r\n Content-Length: 2\r\n\r\n{}`]],
    ["on a length behind a CR alone", [`${HEAD}X: a\rContent-Length: 2\r\n\r\n{}`]],
    ["on a head of more than 32 KiB", [`${HEAD}X: ${"a".repeat(32 * 1024)}`]],
  ])("%s", (_, pieces) => {
    expect(taken(...pieces).at(-1)).toBeUndefined();
  });

  test("on pieces of one byte without end", () => {
    const framer = createRequestFramer();
    framer.take(Buffer.from(`${HEAD}Content-Length: 100000\r\n\r\n`));
    const passed = Array.from({ length: 1_000 }, () => framer.take(Buffer.from("x")));
    expect(passed.indexOf(undefined)).toBeGreaterThan(100);
    expect(passed.indexOf(undefined)).toBeLessThan(140);
  });
});

describe("after the answer", () => {
  test("takes the next request", () => {
    const framer = createRequestFramer();
    for (const text of [GET, post("{}"), GET]) {
      expect(framer.take(Buffer.from(text))?.toString()).toBe(text);
      framer.next();
    }
  });

  test.each([
    ["whose body is not whole", post("{}").slice(0, -1), "}x"],
    ["whose body came in chunks", `${HEAD}Transfer-Encoding: chunked\r\n\r\n`, GET],
  ])("takes none behind a request %s", (_, text, behind) => {
    const framer = createRequestFramer();
    framer.take(Buffer.from(text));
    framer.next();
    expect(framer.take(Buffer.from(behind))?.toString() ?? "").toBe("");
  });
});
