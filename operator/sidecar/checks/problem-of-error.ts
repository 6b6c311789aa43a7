/** Pure: what went wrong -> what has to be mended, for the log alone. Fixed words, by the code of an error. */
import { CheckError } from "./check.ts";
import { codeOf } from "./reason-of-error.ts";

/** The server knows the login, and not what is to be used. */
export const NO_DATABASE =
  "the server has no database of the name that the policy or the connection string gives";
/** An error of syntax, or a table, column or function that is not there. */
export const BAD_QUERY =
  "the server does not understand the query, or the query names what the server does not have";
/** The mode wants encryption, and the server has none. */
export const NO_TLS = "the server offers no TLS, and tls.mode asks for it";

const UNTRUSTED =
  "the server's certificate is signed by none of the authorities in tls.caSecret, or by no public one where that is not set";
const OTHER_NAME =
  "the server's certificate is not for the host that the policy or the connection string names";

const PROBLEM_OF_CODE: ReadonlyMap<string, string> = new Map([
  ["3D000", NO_DATABASE],
  ["3F000", BAD_QUERY],
  ["42601", BAD_QUERY],
  ["42703", BAD_QUERY],
  ["42883", BAD_QUERY],
  ["42P01", BAD_QUERY],
  ["CERT_HAS_EXPIRED", "the server's certificate, or one that signed it, has expired"],
  ["CERT_NOT_YET_VALID", "the server's certificate, or one that signed it, is not valid yet"],
  ["DEPTH_ZERO_SELF_SIGNED_CERT", UNTRUSTED],
  ["SELF_SIGNED_CERT_IN_CHAIN", UNTRUSTED],
  ["UNABLE_TO_GET_ISSUER_CERT", UNTRUSTED],
  ["UNABLE_TO_GET_ISSUER_CERT_LOCALLY", UNTRUSTED],
  ["UNABLE_TO_VERIFY_LEAF_SIGNATURE", UNTRUSTED],
  ["ERR_TLS_CERT_ALTNAME_INVALID", OTHER_NAME],
  ["HOSTNAME_MISMATCH", OTHER_NAME],
]);

/**
 * One sentence where one reason has causes that different people mend; undefined for all others.
 *
 * @see https://www.postgresql.org/docs/current/errcodes-appendix.html
 * @see https://nodejs.org/docs/latest-v24.x/api/tls.html#x509-certificate-error-codes
 */
export function problemOfError(error: unknown): string | undefined {
  return error instanceof CheckError ? error.problem : problemOfCode(codeOf(error));
}

/** The same by the code alone. */
export function problemOfCode(code: string): string | undefined {
  return PROBLEM_OF_CODE.get(code);
}
