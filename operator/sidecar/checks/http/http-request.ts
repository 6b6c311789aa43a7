/** Pure: what is asked, and under which name. */
import { isIPv6 } from "node:net";
import { DEPENDENCY_DEFAULTS } from "../../../api/limits.ts";
import type { HttpConfig } from "../../../api/policy-file.ts";

const DEFAULTS = DEPENDENCY_DEFAULTS.http;

/**
 * The request, which has no body. The server is asked to hang up after its answer: one that says neither how
 * long its body is nor sends it in chunks ends it so.
 */
export function requestText(config: HttpConfig): string {
  return [
    `${config.method} ${config.path} HTTP/1.1`,
    `Host: ${hostHeader(config)}`,
    "User-Agent: healthpolicy",
    "Accept: */*",
    "Connection: close",
    "\r\n",
  ].join("\r\n");
}

/** The name that a certificate must have: the one that is asked for, without its port. */
export function tlsName({ host, hostHeader: header }: HttpConfig): string {
  return header === undefined ? host : header.replace(/:[0-9]+$/, "").replace(/^\[(.*)\]$/, "$1");
}

/** The port is left out where it is the usual one, as every client does it. */
function hostHeader({ host, hostHeader: header, port, tls }: HttpConfig): string {
  if (header !== undefined) return header;
  const name = isIPv6(host) ? `[${host}]` : host.replace(/\.$/, "");
  const usual = tls.mode === "Disable" ? DEFAULTS.port : DEFAULTS.tlsPort;
  return port === usual ? name : `${name}:${port}`;
}
