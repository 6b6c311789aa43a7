/** Pure: the parts of a connection URL that every type reads alike. Never quotes its input. */
import { misconfigured } from "./check.ts";

/** Of every type's connection string. */
export const ONE_HOST =
  "the connection string must name one host; a list of hosts and a unix socket are not supported";
/** Likewise. */
export const NO_USER = "the connection string names no user; write user:password@ before the host";
/** Likewise. The name is not said: in a URL that is broken it may be half of a password. */
export const UNKNOWN_PARAMETER =
  "the connection string has a parameter that is not supported, or one twice; leave it out";
/** That it is no URL of these schemes; `example` is one. */
export const notAUrl = (example: string) =>
  `the connection string is not a valid ${example.slice(0, example.indexOf("://") + 3)} URL with one host; write ${example}, with special characters escaped, as %2F for /`;

/** Throws Misconfigured for a broken escape. URIError would carry no secret, but only a CheckError leaves a check. */
export function decodeUrlPart(text: string): string {
  try {
    return decodeURIComponent(text);
  } catch {
    throw misconfigured(
      "the connection string has a % that begins no escape; write %25 for the character itself",
    );
  }
}

/**
 * A host without the brackets of IPv6. Throws Misconfigured for none, a list of hosts and the path of a unix socket.
 */
export function singleHost(text: string): string {
  const host = text.replace(/^\[(.*)\]$/, "$1");
  if (host === "" || /[,/]/.test(host)) throw misconfigured(ONE_HOST);
  return host;
}
