/** Pure: the head of an HTTP/1 answer (RFC 9112), checked while it arrives. */
import { CheckError } from "../check.ts";
import { createLines } from "./http-lines.ts";

/** How the end of a body is told. */
export type Framing =
  | { kind: "none" }
  | { kind: "length"; bytes: number }
  | { kind: "chunked" }
  /** The server hangs up. */
  | { kind: "close" };

/** The head of a final answer. */
export interface AnswerHead {
  status: number;
  framing: Framing;
  /** What has arrived behind it, one character a byte. */
  rest: string;
}

const BEGINNING = "HTTP/1.";
const STATUS_LINE = /^HTTP\/1\.[01] ([1-9][0-9]{2})( [\t -~\x80-\xff]*)?$/;
/**
 * Spaces around the value are in it. An expression of their own for them would match the same characters as what
 * follows, and try each way to part thousands of spaces among the two before it gives up: seconds for one field.
 */
const FIELD_LINE = /^([!#$%&'*+.^_`|~0-9A-Za-z-]+):([\t -~\x80-\xff]*)$/;
const SPACES_BEFORE = /^[ \t]+/;
/**
 * More of the value of the field before it (RFC 9112, section 5.2): servers must not send such lines, and clients must
 * take them. nginx sends them for a value that is written in several lines of its configuration.
 */
const FOLDED_LINE = /^[ \t][\t -~\x80-\xff]*$/;
/** Few enough digits for a number to be exact. */
const LENGTH = /^[0-9]{1,15}$/;

/** Answers that announce another one, of which servers send one or two: 100 Continue, 103 Early Hints. */
const MAX_INTERIM = 8;
const SWITCHING_PROTOCOLS = 101;
/** In all of them and the final one, fields and others. Of the shortest fields 16,000 would fit into 64 KiB. */
export const MAX_HEAD_LINES = 256;
const NO_BODY = [204, 304];

const protocolError = () => new CheckError("ProtocolError");

/**
 * Takes the answer in chunks and gives its head once that is complete; to be called no more then. Interim
 * answers are passed over. Throws ProtocolError at the first line that cannot be HTTP/1's or is one too many, for an
 * answer that switches protocols and for one whose body could end in two ways.
 */
export function createHeadReader(
  method: "GET" | "HEAD",
): (chunk: string) => AnswerHead | undefined {
  const lines = createLines();
  let status: number | undefined;
  let fields: [name: string, value: string][] = [];
  let interim = 0;
  let lineCount = 0;

  /** Whether the line ends the head of a final answer. */
  function isEnd(line: string): boolean {
    if (status === undefined) {
      status = statusOf(line);
      return false;
    }
    if (line !== "") {
      addField(fields, line);
      return false;
    }
    if (status >= 200) return true;
    interim += 1;
    if (status === SWITCHING_PROTOCOLS || interim > MAX_INTERIM) throw protocolError();
    status = undefined;
    fields = [];
    return false;
  }

  function nextLine(): string | undefined {
    const line = lines.next();
    if (line !== undefined) lineCount += 1;
    if (lineCount > MAX_HEAD_LINES) throw protocolError();
    return line;
  }

  return (chunk) => {
    lines.add(chunk);
    for (let line = nextLine(); line !== undefined; line = nextLine()) {
      if (isEnd(line) && status !== undefined) {
        return { status, framing: framingOf(method, status, fields), rest: lines.takeRest() };
      }
    }
    if (status === undefined && !BEGINNING.startsWith(lines.beginning(BEGINNING.length))) {
      throw protocolError();
    }
    return undefined;
  };
}

function statusOf(line: string): number {
  const [, digits] = STATUS_LINE.exec(line) ?? [];
  if (digits === undefined) throw protocolError();
  return Number(digits);
}

function addField(fields: [name: string, value: string][], line: string): void {
  const last = fields.at(-1);
  // Its spaces are cut off once it is asked for: cut off here, they would make each line as much work as all before.
  if (last && FOLDED_LINE.test(line)) last[1] += line;
  else fields.push(fieldOf(line));
}

function fieldOf(line: string): [name: string, value: string] {
  const [, name, value] = FIELD_LINE.exec(line) ?? [];
  if (name === undefined || value === undefined) throw protocolError();
  return [name.toLowerCase(), value];
}

function framingOf(
  method: "GET" | "HEAD",
  status: number,
  fields: readonly [string, string][],
): Framing {
  if (method === "HEAD" || NO_BODY.includes(status)) return { kind: "none" };
  const values = (wanted: string) =>
    fields
      .filter(([name]) => name === wanted)
      .map(([, value]) => value.replace(SPACES_BEFORE, "").trimEnd());
  const [length, ...otherLengths] = new Set(values("content-length"));
  const codings = values("transfer-encoding");
  if (codings.length > 0) {
    // No other coding was asked for, and beside a length nobody can say where the body ends.
    const isChunked = codings.length === 1 && codings[0]?.toLowerCase() === "chunked";
    if (!isChunked || length !== undefined) throw protocolError();
    return { kind: "chunked" };
  }
  if (length === undefined) return { kind: "close" };
  if (otherLengths.length > 0 || !LENGTH.test(length)) throw protocolError();
  return { kind: "length", bytes: Number(length) };
}
