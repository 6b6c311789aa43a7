import { expect, test } from "@jest/globals";
import { REASONS } from "../../api/reasons.ts";
import { CheckError } from "./check.ts";
import { reasonOfError } from "./reason-of-error.ts";

const coded = (code: string) => Object.assign(new Error("password=secret"), { code });

test.each([
  ["ECONNREFUSED", "ConnectionRefused"],
  ["ETIMEDOUT", "ConnectTimeout"],
  ["EHOSTUNREACH", "HostUnreachable"],
  ["ENETUNREACH", "HostUnreachable"],
  ["EPERM", "HostUnreachable"],
  ["ECONNRESET", "ConnectionClosed"],
  ["EPIPE", "ConnectionClosed"],
  ["ENOTFOUND", "HostNotFound"],
  ["ENODATA", "HostNotFound"],
  ["EAI_AGAIN", "ResolverFailed"],
  ["ERR_TLS_CERT_ALTNAME_INVALID", "TLSFailed"],
  ["SELF_SIGNED_CERT_IN_CHAIN", "TLSFailed"],
  ["UNABLE_TO_VERIFY_LEAF_SIGNATURE", "TLSFailed"],
  ["CERT_HAS_EXPIRED", "TLSFailed"],
  ["ERR_SSL_TLSV1_ALERT_PROTOCOL_VERSION", "TLSFailed"],
  ["ERR_SSL_WRONG_VERSION_NUMBER", "ProtocolError"],
  ["28P01", "AuthenticationFailed"],
  ["28000", "AuthenticationFailed"],
  ["42501", "AuthenticationFailed"],
  ["3D000", "Misconfigured"],
  ["53000", "TooManyConnections"],
  ["53200", "TooManyConnections"],
  ["53300", "TooManyConnections"],
  ["53400", "TooManyConnections"],
  ["57014", "CheckTimeout"],
  ["57P01", "ConnectionClosed"],
  ["57P03", "ServerStarting"],
  ["08P01", "ProtocolError"],
  ["42P01", "InvalidResponse"],
  ["XX000", "InvalidResponse"],
  ["EBUSY", "ProtocolError"],
  ["ERR_INVALID_ARG_TYPE", "ProtocolError"],
])("code %s: %s", (code, reason) => {
  expect(reasonOfError(coded(code))).toBe(reason);
});

test.each<[string, unknown, string]>([
  [
    "a CheckError",
    new CheckError("TooFewServers", { detail: "servers[0]=HostNotFound" }),
    "TooFewServers",
  ],
  ["a timeout of a signal", new DOMException("", "TimeoutError"), "CheckTimeout"],
  ["an abort", new DOMException("", "AbortError"), "CheckTimeout"],
  ["no code", new TypeError("x is not a function"), "ProtocolError"],
  ["a code that is no text", Object.assign(new Error(), { code: 5 }), "ProtocolError"],
  [
    "a number that looks like a code",
    Object.assign(new Error(), { code: 53_300 }),
    "ProtocolError",
  ],
  [
    "several errors of which none is known",
    Object.assign(new AggregateError([]), { code: "EPIPE" }),
    "ConnectionClosed",
  ],
  ["undefined", undefined, "ProtocolError"],
  ["null", null, "ProtocolError"],
  ["a text", "ECONNREFUSED", "ProtocolError"],
])("%s: %s", (_, error, reason) => {
  expect(reasonOfError(error)).toBe(reason);
});

test.each([
  [["ECONNREFUSED", "ECONNREFUSED"], "ConnectionRefused"],
  [["ENETUNREACH", "ECONNREFUSED"], "ConnectionRefused"],
  [["ETIMEDOUT", "EHOSTUNREACH"], "ConnectTimeout"],
  [["EHOSTUNREACH", "ENETUNREACH"], "HostUnreachable"],
])("addresses that failed with %j: %s", (codes, reason) => {
  // As node makes it: no message, and the first error's code.
  const error = Object.assign(new AggregateError(codes.map(coded), ""), { code: codes[0] });
  expect(reasonOfError(error)).toBe(reason);
  expect(REASONS).toContain(reason);
});

test("a message never decides", () => {
  expect(reasonOfError(new Error("connect ECONNREFUSED 127.0.0.1:5432"))).toBe("ProtocolError");
});
