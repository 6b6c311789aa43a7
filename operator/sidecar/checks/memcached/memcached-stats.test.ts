import { expect, test } from "@jest/globals";
import { MAX_CHUNKS } from "../network/read-until.ts";
import { cpuRatio } from "../testing/cpu-ratio.ts";
import { createStatsReader, MAX_STATISTICS } from "./memcached-stats.ts";

/** The result of the last chunk, or the reason of what was thrown. */
function read(chunks: string[]): boolean | string {
  const reader = createStatsReader();
  let complete = false;
  try {
    for (const chunk of chunks) complete = reader(Buffer.from(chunk));
  } catch (error) {
    return (error as { reason: string }).reason;
  }
  return complete;
}

const ANSWER = "STAT pid 1\r\nSTAT server_name käse\r\nSTAT empty \r\nEND\r\n";
const FULL = "ERROR Too many open connections";

test.each<[string, string[], boolean | string]>([
  ["an answer at once", [ANSWER], true],
  ["an answer letter by letter", [...ANSWER], true],
  ["an answer without its end", [ANSWER.slice(0, -2)], false],
  ["nothing", [""], false],
  ["no statistics", ["END\r\n"], "InvalidResponse"],
  ["ERROR", ["ERROR\r\n"], "InvalidResponse"],
  [
    "an error among statistics",
    ["STAT pid 1\r\nSERVER_ERROR out of memory\r\n"],
    "InvalidResponse",
  ],
  ["no connection left", [`${FULL}\r\n`], "TooManyConnections"],
  ["no connection left, letter by letter", [...FULL, "\r", "\n"], "TooManyConnections"],
  ["more than no connection left", [`${FULL}, or so\r\n`], "ProtocolError"],
  ["more than no connection left, in pieces", [FULL, "x".repeat(99), "\r", "\n"], "ProtocolError"],
  ["more than no connection left, by one letter", [`${FULL}x`, "\r", "\n"], "ProtocolError"],
  ["an end of line too many", [FULL, "\r", "\r", "\n"], "ProtocolError"],
  ["no password", ["CLIENT_ERROR unauthenticated\r\n"], "AuthenticationFailed"],
  [
    "no password, letter by letter",
    [..."CLIENT_ERROR unauthenticated\r\n"],
    "AuthenticationFailed",
  ],
  ["another error of the client", ["CLIENT_ERROR unauthenticated?\r\n"], "InvalidResponse"],
  ["a word like ERROR", ["ERRORS\r\n"], "ProtocolError"],
  ["a word before STAT", ["A STAT pid 1\r\n"], "ProtocolError"],
  ["a word before an error", ["A SERVER_ERROR\r\n", "A SERVER_ERROR x\r\n"], "ProtocolError"],
  ["a web server", ["HTTP/1.1 400 Bad Request\r\n"], "ProtocolError"],
  ["the first letter of a web server", ["H"], "ProtocolError"],
  ["Redis", ["-ERR unknown command 'stats'\r\n"], "ProtocolError"],
  ["TLS", ["\x15\x03\x03"], "ProtocolError"],
  [
    "a line in pieces, whose end is cut in two",
    ["STAT a ", "b".repeat(99), "\r", "\nEND\r\n"],
    true,
  ],
  [
    "a carriage return in a line and a newline far behind it are no end",
    ["STAT aaaaaaaaa\raaaaa\n", "x"],
    false,
  ],
  [
    "a carriage return in a line and a newline in the next chunk are no end",
    ["STAT aaaaaaaaa\r\raaaa", "\nx"],
    false,
  ],
  ["a word that goes on past END", ["STAT a\r\nEND", "x".repeat(99), "\r\n"], "ProtocolError"],
  ["carriage returns alone do not end a line", ["STAT a", "\r".repeat(99), "\nEND\r\n"], true],
  ["a bare newline", ["STAT pid 1\nEND\n"], false],
])("%s", (_, chunks, expected) => {
  expect(read(chunks)).toBe(expected);
});

const MOST = "STAT a\r\n".repeat(MAX_STATISTICS);

test.each<[string, string[], boolean | string]>([
  ["as many statistics as are read", [`${MOST}END\r\n`], true],
  ["the same, whose end is still to come", [MOST, "END", "\r\n"], true],
  ["one more", [`${MOST}STAT a\r\n`], "ProtocolError"],
  ["one more, and the end", [`${MOST}STAT a\r\nEND\r\n`], "ProtocolError"],
  ["one more, in a chunk of its own", [MOST, "STAT a\r\n"], "ProtocolError"],
  ["an error behind as many", [`${MOST}SERVER_ERROR x\r\n`], "InvalidResponse"],
  ["an end before more lines than are read", [`STAT a\r\nEND\r\n${MOST}${MOST}`], true],
])("%s", (_, chunks, expected) => {
  expect(read(chunks)).toBe(expected);
});

test("a line that never ends costs what as many bytes of statistics cost, in as many pieces", () => {
  const read = (first: string, piece: string) => () => {
    const reader = createStatsReader();
    reader(Buffer.from(first));
    for (let pieces = 0; pieces < MAX_CHUNKS; pieces += 1) reader(Buffer.from(piece));
  };
  const ordinary = read("", `STAT ${"a".repeat(58)}\r\n`);
  expect(cpuRatio(read("STAT ", "\r".repeat(65)), ordinary)).toBeLessThan(10);
});
