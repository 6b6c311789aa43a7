/** Pure: where the body of an HTTP/1 answer ends (RFC 9112). Its content is dropped. */
import { CheckError } from "../check.ts";
import { tooMuch } from "../network/read-until.ts";
import type { Framing } from "./http-head.ts";
import { createLines } from "./http-lines.ts";

/** Few enough digits for a number to be exact. What may follow is an extension, which means nothing here. */
const CHUNK_SIZE = /^([0-9A-Fa-f]{1,8})[ \t]*(;.*)?$/;

/**
 * The most lines of a body in chunks: each chunk has two, and the trailers have one each. Of the shortest 21,000 fit
 * into what a check reads.
 */
export const MAX_BODY_LINES = 1_024;

/** Takes the body in chunks, one character a byte, and returns true once it is complete. */
export type BodyReader = (chunk: string) => boolean;

/**
 * A body that ends when the server hangs up is never complete before. Throws ProtocolError for a broken chunk, and
 * `tooMuch` past MAX_BODY_LINES.
 */
export function createBodyReader(framing: Framing): BodyReader {
  switch (framing.kind) {
    case "none":
      return () => true;
    case "length":
      return lengthReader(framing.bytes);
    case "chunked":
      return chunkedReader();
    case "close":
      return () => false;
  }
}

function lengthReader(bytes: number): BodyReader {
  let left = bytes;
  return (chunk) => {
    left -= chunk.length;
    return left <= 0;
  };
}

/** What comes next in a body that is sent in chunks; of data, how many bytes are left. */
type Expected = "size" | { dataLeft: number } | "end of data" | "trailer" | "nothing";

function chunkedReader(): BodyReader {
  let expected: Expected = "size";
  let lineCount = 0;
  const lines = createLines();

  /** Takes what it can of what has arrived; false where more must arrive. */
  function step(): boolean {
    if (typeof expected === "object") {
      const dataLeft = expected.dataLeft - lines.skip(expected.dataLeft);
      expected = dataLeft === 0 ? "end of data" : { dataLeft };
      return dataLeft === 0;
    }
    const line = lines.next();
    if (line === undefined) return false;
    lineCount += 1;
    if (lineCount > MAX_BODY_LINES) throw tooMuch();
    expected = afterLine(expected, line);
    return true;
  }

  return (chunk) => {
    lines.add(chunk);
    while (expected !== "nothing" && step());
    return expected === "nothing";
  };
}

function afterLine(expected: Expected, line: string): Expected {
  if (expected === "size") {
    const dataLeft = chunkSize(line);
    return dataLeft === 0 ? "trailer" : { dataLeft };
  }
  if (expected === "trailer") return line === "" ? "nothing" : "trailer";
  if (line !== "") throw new CheckError("ProtocolError");
  return "size";
}

function chunkSize(line: string): number {
  const [, digits] = CHUNK_SIZE.exec(line) ?? [];
  if (digits === undefined) throw new CheckError("ProtocolError");
  return Number.parseInt(digits, 16);
}
