/** Pure: the head of an HTTP/1 request -> its method and path. Only the request line matters here. */

/** Longest request head in bytes; a kubelet's has about 150, one through a mesh some hundreds. */
export const MAX_HEAD_BYTES = 8_192;

/** What a client asks for. */
export interface Request {
  method: string;
  /** The target without its query and, in absolute form, without scheme and host. Not decoded. */
  path: string;
}

/** What the bytes so far come to: a request, the status that refuses them, or not enough yet. */
export type Head = { request: Request } | { refused: 400 | 431 } | "incomplete";

/** What a method consists of, and so what a request begins with (a token of RFC 9110). */
const TOKEN = "[!#$%&'*+.^_`|~0-9A-Za-z-]";
const BEGINNING = new RegExp(`^${TOKEN}`);
const REQUEST_LINE = new RegExp(`^(${TOKEN}+) ([!-~]+) HTTP/1\\.[0-9]\r?\n`);
/**
 * Skipped before a request line: one at least (RFC 9112, section 2.2), and two here. More are no request: a head of
 * 8 KiB of them was looked through again with each piece that came.
 */
const EMPTY_LINES = /^[\r\n]{1,4}/;
const SCHEME_AND_HOST = /^https?:\/\/[^/?]*/i;

/** Reads `text`, the first bytes of a connection as latin1. Lines end with CRLF or LF. */
export function parseHead(text: string): Head {
  const head = text.replace(EMPTY_LINES, "");
  if (!head.includes("\n\r\n") && !head.includes("\n\n")) return unfinished(head, text.length);
  const line = REQUEST_LINE.exec(head);
  if (!line) return { refused: 400 };
  const [, method = "", target = ""] = line;
  return { request: { method, path: pathOf(target) } };
}

function unfinished(head: string, length: number): Head {
  // The first bytes of something else, such as a TLS handshake: there is no need to wait for more.
  if (head !== "" && !BEGINNING.test(head)) return { refused: 400 };
  return length < MAX_HEAD_BYTES ? "incomplete" : { refused: 431 };
}

function pathOf(target: string): string {
  const path = target.replace(SCHEME_AND_HOST, "");
  const query = path.indexOf("?");
  return (query === -1 ? path : path.slice(0, query)) || "/";
}
