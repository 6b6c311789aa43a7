/** Pure: the parts of a connection URL that every type reads alike. Never quotes its input. */
import { MAX_PORT } from "../../api/limits.ts";
import { misconfigured } from "./check.ts";

/** Of every type's connection string. */
export const ONE_HOST =
  "the connection string must name one host; a list of hosts and a unix socket are not supported";
/** Likewise. */
const NO_USER = "the connection string names no user; write user:password@ before the host";
/** Likewise. */
const NOT_IN_A_HOST =
  "the host of the connection string holds a space or control character, such as a line break; leave it out";
/** Likewise. */
const NOT_A_PORT = "the port of the connection string is not a whole number from 1 to 65535";
/** Likewise. The name is not said: in a URL that is broken it may be half of a password. */
export const UNKNOWN_PARAMETER =
  "the connection string has a parameter that is not supported, or one twice; leave it out";
/** That it is no URL of these schemes; `example` is one. */
const notAUrl = (example: string) =>
  `the connection string is not a valid ${example.slice(0, example.indexOf("://") + 3)} URL with one host; write ${example}, with special characters escaped, as %2F for /`;

/** What connection URLs of a type look like; regular expressions, but for the example. */
export interface UrlForm {
  scheme: string;
  /** Default: whatever stands there, or nothing. */
  authority?: string;
  /** What may follow the slash after the authority. Default: anything. */
  path?: string;
  /** A whole one, for the sentence that says what to write. */
  example: string;
}

/** A character that ends no part of a URL. */
export const PLAIN = String.raw`[^/?#\p{Cc}\p{Z}]`;

/**
 * Reads URLs of this form: scheme, authority, path, parameters. Throws Misconfigured for any other text. No control
 * character and no space: the URL parser drops tabs and newlines silently, so that a password could change on its way.
 * No `#`: what follows it would be dropped, and half of a password that holds one would be taken for the host. A byte
 * order mark fails the scheme.
 */
export function urlReader({
  scheme,
  authority = `${PLAIN}*`,
  path = `${PLAIN}*`,
  example,
}: UrlForm): (text: string) => URL {
  const shape = new RegExp(
    String.raw`^(${scheme})://${authority}(/${path})?(\?[^#\p{Cc}\p{Z}]*)?$`,
    "u",
  );
  return (text) => {
    const url = shape.test(text) ? URL.parse(text) : null;
    if (!url) throw misconfigured(notAUrl(example));
    return url;
  };
}

/** The user name, where a server asks for one. Throws Misconfigured for none. */
export function namedUser(text: string): string {
  if (text === "") throw misconfigured(NO_USER);
  return text;
}

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
 * A host without the brackets of IPv6. Throws Misconfigured for none, a list of hosts and the path of a unix socket,
 * and for control characters and spaces, which are in no name: they come as escapes, or in parameters.
 */
export function singleHost(text: string): string {
  const host = text.replace(/^\[(.*)\]$/, "$1");
  if (host === "" || /[,/]/.test(host)) throw misconfigured(ONE_HOST);
  if (/[\p{Cc}\p{Z}]/u.test(host)) throw misconfigured(NOT_IN_A_HOST);
  return host;
}

/**
 * A port, or `otherwise` where the text is empty. Throws Misconfigured for none from 1 to 65535. Digits alone: what
 * JavaScript also takes for a number, such as 0x1538 and 1e3, is a port to no client.
 */
export function portNumber(text: string, otherwise: number): number {
  if (text === "") return otherwise;
  const port = /^\d{1,5}$/.test(text) ? Number(text) : 0;
  if (port < 1 || port > MAX_PORT) throw misconfigured(NOT_A_PORT);
  return port;
}
