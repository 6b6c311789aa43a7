import { describe, expect, test } from "@jest/globals";
import { MAX_CHUNKS } from "../network/read-until.ts";
import { cpuRatio } from "../testing/cpu-ratio.ts";
import { createHeadReader, MAX_HEAD_LINES } from "./http-head.ts";

const read = (text: string, method: "GET" | "HEAD" = "GET") => createHeadReader(method)(text);
const head = (fields: string, status = "200 OK") => `HTTP/1.1 ${status}\r\n${fields}\r\n`;

describe("the end of the body", () => {
  test.each([
    ["", { kind: "close" }],
    ["Content-Length: 12\r\n", { kind: "length", bytes: 12 }],
    ["content-length:0\r\n", { kind: "length", bytes: 0 }],
    ["Content-Length: 12 \r\nContent-Length: 12\r\n", { kind: "length", bytes: 12 }],
    ["Transfer-Encoding: Chunked\r\n", { kind: "chunked" }],
    ["X-Empty:\r\nX-Text: \xe9 \t x\r\n", { kind: "close" }],
    ["Content-Length: 12\n", { kind: "length", bytes: 12 }],
    // What nginx makes of a value that is written in several lines of its configuration.
    ["X: 'self';\n    img-src *;\r\nContent-Length: 12\r\n", { kind: "length", bytes: 12 }],
    ["X: a\r\n\tfolded\r\n \r\nContent-Length: 12\r\n", { kind: "length", bytes: 12 }],
    ["Content-Length:\r\n 12\r\n", { kind: "length", bytes: 12 }],
  ])("%j: %j", (fields, framing) => {
    expect(read(`${head(fields)}ab`)).toEqual({ status: 200, framing, rest: "ab" });
  });

  test.each(["204 No Content", "304 Not Modified"])("%s has none", (status) => {
    expect(read(head("Content-Length: 5\r\n", status))?.framing).toEqual({ kind: "none" });
  });

  test("an answer to HEAD has none", () => {
    expect(read(head("Content-Length: 5\r\n"), "HEAD")?.framing).toEqual({ kind: "none" });
  });
});

describe("the status", () => {
  test.each([
    ["HTTP/1.1 200 OK", 200],
    ["HTTP/1.0 404 Not Found", 404],
    ["HTTP/1.1 200 ", 200],
    ["HTTP/1.1 200", 200],
    ["HTTP/1.1 999 \xe9t\xe9", 999],
    ["HTTP/1.1 200 OK\nX: in lines that end in LF alone", 200],
  ])("of %j is %d", (line, status) => {
    expect(read(`${line}\r\n\r\n`)?.status).toBe(status);
  });

  test("of an interim answer is passed over, with its fields", () => {
    const interim = head("Content-Length: 9\r\n", "103 Early Hints") + head("", "100 Continue");
    expect(read(interim + head(""))).toEqual({
      status: 200,
      framing: { kind: "close" },
      rest: "",
    });
  });

  test("eight interim answers are enough, nine are too many", () => {
    const interim = (count: number) => head("", "100 Continue").repeat(count) + head("");
    expect(read(interim(8))?.status).toBe(200);
    expect(() => read(interim(9))).toThrow("ProtocolError");
  });
});

test("as many lines as are allowed make a head, one more does not, over all answers", () => {
  const fields = (count: number) => "A: b\r\n".repeat(count);
  // Beside the fields a head has its status and the empty line.
  expect(read(head(fields(MAX_HEAD_LINES - 2)))?.status).toBe(200);
  expect(() => read(head(fields(MAX_HEAD_LINES - 1)))).toThrow("ProtocolError");
  const interim = head(fields(100), "103 Early Hints").repeat(2);
  expect(read(interim + head(fields(MAX_HEAD_LINES - 206)))?.status).toBe(200);
  expect(() => read(interim + head(fields(MAX_HEAD_LINES - 205)))).toThrow("ProtocolError");
});

test("an answer that switches protocols is none, whatever follows it: ProtocolError", () => {
  expect(() => read(head("", "101 Switching Protocols") + head(""))).toThrow("ProtocolError");
});

test("bytes that come one by one make the same head", () => {
  const text = head("", "100 Continue") + head("Content-Length: 3\r\n");
  const take = createHeadReader("GET");
  const results = [...text].map(take);
  expect(results.slice(0, -1).every((result) => result === undefined)).toBe(true);
  expect(results.at(-1)).toEqual({ status: 200, framing: { kind: "length", bytes: 3 }, rest: "" });
});

test.each([
  "HTTP/2 200 OK\r\n",
  "HTTP/1.2 200 OK\r\n",
  "http/1.1 200 OK\r\n",
  "HTTP/1.1 20 OK\r\n",
  "HTTP/1.1 2000 OK\r\n",
  "HTTP/1.1 099 OK\r\n",
  "HTTP/1.1  200 OK\r\n",
  "HTTP/1.1 200 O\0K\r\n",
  "HTTP/1.1 200 OK\r\r\n",
  "HTTP/1.x",
  "+PONG\r\n",
  "\r\n",
  "\0",
  head("no colon\r\n"),
  head(": no name\r\n"),
  head("Spaced : x\r\n"),
  head(" folded: without a field before it\r\n"),
  head("X: a\nno colon\r\n"),
  head("X: a\r\n \x1b[2J\r\n"),
  head("Content-Length: 1\r\n 2\r\n"),
  head("Transfer-Encoding: chunked\r\n , gzip\r\n"),
  head("X: \x1b[2J\r\n"),
  head("Content-Length: -1\r\n"),
  head("Content-Length: 1e3\r\n"),
  head("Content-Length: 9999999999999999\r\n"),
  head("Content-Length: 1\r\nContent-Length: 2\r\n"),
  head("Content-Length: 1\r\nTransfer-Encoding: chunked\r\n"),
  head("Transfer-Encoding: gzip, chunked\r\n"),
  head("Transfer-Encoding: identity\r\n"),
  head("Transfer-Encoding: chunked\r\nTransfer-Encoding: chunked\r\n"),
])("%j is no answer: ProtocolError", (text) => {
  // One more line, for what is only seen once a line has ended.
  expect(() => read(`${text}x\r\n\r\n`)).toThrow("ProtocolError");
});

describe("a line that never ends costs what as many bytes of short lines cost, in as many pieces:", () => {
  const read = (first: string, piece: string) => () => {
    const take = createHeadReader("GET");
    take(first);
    for (let pieces = 0; pieces < MAX_CHUNKS - 2; pieces += 1) take(piece);
  };
  const ordinary = read("HTTP/1.1 200 OK\r\n", `X: ${"a".repeat(251)}\r\n`);

  test.each([
    ["the status", "HTTP/1.1 200 ", "a"],
    ["a field", "HTTP/1.1 200 OK\r\nX: ", "a"],
    ["carriage returns", "HTTP/1.1 200 OK\r\nX: ", "\r"],
  ])("%s", (_, first, filler) => {
    expect(cpuRatio(read(first, filler.repeat(256)), ordinary)).toBeLessThan(10);
  });
});

test.each([
  [
    "spaces before a character that no field may hold",
    (length: number) => `X:${" ".repeat(length)}\0`,
  ],
  ["spaces before a letter", (length: number) => `X:${" ".repeat(length)}a`],
  ["spaces", (length: number) => `X:${" ".repeat(length)}`],
  ["a name without an end", (length: number) => "X".repeat(length)],
])("a field of %s costs what another one of its length costs", (_, field) => {
  const read = (line: string) => () => {
    const take = createHeadReader("GET");
    try {
      take(head(`${line}\r\n`));
    } catch {
      // Most of them are no field; what it costs to say so is the question.
    }
  };
  expect(cpuRatio(read(field(10_000)), read(`X: ${"a".repeat(10_000)}`))).toBeLessThan(20);
});

test("lines that go on with a long field cost what as many fields cost", () => {
  const read = (line: string) => () => {
    createHeadReader("GET")(head(`X: ${"a".repeat(50_000)}\r\n${line.repeat(250)}`));
  };
  expect(cpuRatio(read(" abc\r\n"), read("A:bc\r\n"))).toBeLessThan(5);
});
