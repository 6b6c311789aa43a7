/** Pure: the parts of a connection URL that every type reads alike. Never quotes its input. */
import { CheckError } from "./check.ts";

const misconfigured = () => new CheckError("Misconfigured");

/** Throws Misconfigured for a broken escape. URIError would carry no secret, but only a CheckError leaves a check. */
export function decodeUrlPart(text: string): string {
  try {
    return decodeURIComponent(text);
  } catch {
    throw misconfigured();
  }
}

/**
 * A host without the brackets of IPv6. Throws Misconfigured for none, a list of hosts and the path of a unix socket.
 */
export function singleHost(text: string): string {
  const host = text.replace(/^\[(.*)\]$/, "$1");
  if (host === "" || /[,/]/.test(host)) throw misconfigured();
  return host;
}
