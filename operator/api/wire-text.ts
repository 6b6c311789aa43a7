/**
 * Which texts may be sent to another server. Memcached and Redis take a line break for the end of a
 * command, so that a value that holds one would run whatever follows it there. One place for the rules
 * of the resource (cel.ts), the reader of the policy file and the checks, which see user names and
 * connection strings first. No schema library: the sidecar loads this file.
 */

/** No control character: none of C0, DEL or C1. RE2 and ECMAScript alike. */
export const WIRE_TEXT_PATTERN = "^[^\\x00-\\x1f\\x7f-\\x9f]*$";

/** The same for a query, which people write over several lines: tab, line feed and carriage return may stand in it. */
export const QUERY_TEXT_PATTERN = "^[^\\x00-\\x08\\x0b\\x0c\\x0e-\\x1f\\x7f-\\x9f]*$";

/** The path of an HTTP request: printable ASCII, without the space that would end it and the # that is never sent. */
export const REQUEST_PATH_PATTERN = "^/[\\x21\\x22\\x24-\\x7e]*$";

/** A host name, an IPv4 address or an IPv6 address in brackets, with or without a port. */
export const HOST_HEADER_PATTERN =
  "^([A-Za-z0-9_]([-A-Za-z0-9_.]*[A-Za-z0-9_.])?|\\[[0-9A-Fa-f:.]+\\])(:[0-9]{1,5})?$";

const WIRE_TEXT = new RegExp(WIRE_TEXT_PATTERN);
const QUERY_TEXT = new RegExp(QUERY_TEXT_PATTERN);

/** Whether a name, user, password or any other value may go on a wire: it holds no control character. */
export function isWireText(text: string): boolean {
  return WIRE_TEXT.test(text);
}

/** Whether a query may be sent: of control characters it holds tabs and line breaks alone. */
export function isQueryText(text: string): boolean {
  return QUERY_TEXT.test(text);
}
