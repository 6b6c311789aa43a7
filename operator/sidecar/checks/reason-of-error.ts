/** Pure: what went wrong -> the reason that may leave the process. Codes only, never a message. */
import type { Reason } from "../../api/reasons.ts";
import { CheckError } from "./check.ts";

const REASON_OF_CODE: ReadonlyMap<string, Reason> = new Map<string, Reason>([
  ["ECONNREFUSED", "ConnectionRefused"],
  // The kernel's own limit (about 130 s) or a peer that no longer acknowledges.
  ["ETIMEDOUT", "ConnectTimeout"],
  ["EHOSTUNREACH", "HostUnreachable"],
  ["EHOSTDOWN", "HostUnreachable"],
  ["ENETUNREACH", "HostUnreachable"],
  ["ENETDOWN", "HostUnreachable"],
  ["EADDRNOTAVAIL", "HostUnreachable"],
  // A local firewall refuses the packet before it leaves the pod.
  ["EPERM", "HostUnreachable"],
  ["EACCES", "HostUnreachable"],
  ["ECONNRESET", "ConnectionClosed"],
  ["ECONNABORTED", "ConnectionClosed"],
  ["EPIPE", "ConnectionClosed"],
  ["ERR_STREAM_DESTROYED", "ConnectionClosed"],
  ["ERR_STREAM_PREMATURE_CLOSE", "ConnectionClosed"],
  ["ERR_STREAM_WRITE_AFTER_END", "ConnectionClosed"],
  ["ERR_SOCKET_CLOSED", "ConnectionClosed"],
  ["ENOTFOUND", "HostNotFound"],
  ["ENODATA", "HostNotFound"],
  ["EAI_AGAIN", "ResolverFailed"],
  ["EPROTO", "TLSFailed"],
  // Not a failed handshake: what arrived is no TLS at all.
  ["ERR_SSL_WRONG_VERSION_NUMBER", "ProtocolError"],
]);

/** Codes of OpenSSL and of Node.js for a handshake or a certificate that is not accepted. */
const TLS_CODE =
  /^(ERR_TLS_|ERR_SSL_|CERT_|CRL_|UNABLE_TO_|DEPTH_ZERO_SELF_SIGNED_CERT$|SELF_SIGNED_CERT_IN_CHAIN$|HOSTNAME_MISMATCH$|INVALID_CA$|INVALID_PURPOSE$|PATH_LENGTH_EXCEEDED$)/;

/** Five digits and capitals. Every SQLSTATE has a digit, no errno of five letters has one. */
const SQLSTATE = /^(?=.*[0-9])[0-9A-Z]{5}$/;

const REASON_OF_SQLSTATE: ReadonlyMap<string, Reason> = new Map<string, Reason>([
  ["08P01", "ProtocolError"],
  // The user may log in but not use this database or table: a matter of rights, as a wrong password is.
  ["42501", "AuthenticationFailed"],
  ["3D000", "Misconfigured"],
  // Out of resources, memory, connections, or over a configured limit: busy, not broken.
  ["53000", "TooManyConnections"],
  ["53200", "TooManyConnections"],
  ["53300", "TooManyConnections"],
  ["53400", "TooManyConnections"],
  // The server ended the query at a time limit, ours (the check's deadline) or its own.
  ["57014", "CheckTimeout"],
  ["57P01", "ConnectionClosed"],
  ["57P02", "ConnectionClosed"],
  ["57P03", "ServerStarting"],
]);

/** Which of several failed addresses speaks for all: the one that learned most from the network. */
const PREFERENCE: readonly Reason[] = ["ConnectionRefused", "ConnectTimeout", "ConnectionClosed"];

/** Whether this is a code of the SQL standard, which no error of a socket has. */
export function isSqlState(code: string): boolean {
  return SQLSTATE.test(code);
}

/** The code of an error: a SQLSTATE, or one of the system's or OpenSSL's. Empty where there is none. */
export function codeOf(error: unknown): string {
  const code = (error as { code?: unknown } | null | undefined)?.code;
  return typeof code === "string" ? code : "";
}

function reasonOfSqlState(state: string): Reason {
  if (state.startsWith("28")) return "AuthenticationFailed";
  return REASON_OF_SQLSTATE.get(state) ?? "InvalidResponse";
}

function reasonOfCode(code: string): Reason {
  const known = REASON_OF_CODE.get(code);
  if (known) return known;
  if (TLS_CODE.test(code)) return "TLSFailed";
  return isSqlState(code) ? reasonOfSqlState(code) : "ProtocolError";
}

/**
 * The reason of any error that a check can meet: CheckError, AggregateError, errno, TLS code, SQLSTATE,
 * a fired signal. What has no code that is known here was an answer nobody could read: ProtocolError.
 */
export function reasonOfError(error: unknown): Reason {
  if (error instanceof CheckError) return error.reason;
  // Node.js gives an AggregateError with an empty message and the first error's code when several
  // addresses failed; only its parts tell what happened.
  if (error instanceof AggregateError && error.errors.length > 0) {
    const reasons = error.errors.map(reasonOfError);
    return PREFERENCE.find((reason) => reasons.includes(reason)) ?? reasons[0] ?? "ProtocolError";
  }
  const name = (error as { name?: unknown } | null | undefined)?.name;
  if (name === "AbortError" || name === "TimeoutError") return "CheckTimeout";
  return reasonOfCode(codeOf(error));
}
