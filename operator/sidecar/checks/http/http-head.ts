/** Pure: the head of an HTTP/1 answer (RFC 9112), checked while it arrives. */
import { CheckError } from "../check.ts";

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
const FIELD_LINE = /^([!#$%&'*+.^_`|~0-9A-Za-z-]+):[ \t]*([\t -~\x80-\xff]*)$/;
/** Few enough digits for a number to be exact. */
const LENGTH = /^[0-9]{1,15}$/;

/** Answers that announce another one, of which servers send one or two: 100 Continue, 103 Early Hints. */
const MAX_INTERIM = 8;
const SWITCHING_PROTOCOLS = 101;
const NO_BODY = [204, 304];

const protocolError = () => new CheckError("ProtocolError");

/**
 * Takes the answer in chunks and gives its head once that is complete; to be called no more then. Interim
 * answers are passed over. Throws ProtocolError at the first line that cannot be HTTP/1's, for an answer that
 * switches protocols and for one whose body could end in two ways.
 */
export function createHeadReader(
  method: "GET" | "HEAD",
): (chunk: string) => AnswerHead | undefined {
  let rest = "";
  let status: number | undefined;
  let fields: [name: string, value: string][] = [];
  let interim = 0;

  /** Whether the line ends the head of a final answer. */
  function isEnd(line: string): boolean {
    if (status === undefined) {
      status = statusOf(line);
      return false;
    }
    if (line !== "") {
      fields.push(fieldOf(line));
      return false;
    }
    if (status >= 200) return true;
    interim += 1;
    if (status === SWITCHING_PROTOCOLS || interim > MAX_INTERIM) throw protocolError();
    status = undefined;
    fields = [];
    return false;
  }

  return (chunk) => {
    rest += chunk;
    for (let end = rest.indexOf("\r\n"); end >= 0; end = rest.indexOf("\r\n")) {
      const line = rest.slice(0, end);
      rest = rest.slice(end + 2);
      if (isEnd(line) && status !== undefined) {
        return { status, framing: framingOf(method, status, fields), rest };
      }
    }
    if (status === undefined && !couldBegin(rest)) throw protocolError();
    return undefined;
  };
}

function couldBegin(fragment: string): boolean {
  return BEGINNING.startsWith(fragment) || fragment.startsWith(BEGINNING);
}

function statusOf(line: string): number {
  const [, digits] = STATUS_LINE.exec(line) ?? [];
  if (digits === undefined) throw protocolError();
  return Number(digits);
}

function fieldOf(line: string): [name: string, value: string] {
  const [, name, value] = FIELD_LINE.exec(line) ?? [];
  if (name === undefined || value === undefined) throw protocolError();
  return [name.toLowerCase(), value.trimEnd()];
}

function framingOf(
  method: "GET" | "HEAD",
  status: number,
  fields: readonly [string, string][],
): Framing {
  if (method === "HEAD" || NO_BODY.includes(status)) return { kind: "none" };
  const values = (wanted: string) =>
    fields.filter(([name]) => name === wanted).map(([, value]) => value);
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
