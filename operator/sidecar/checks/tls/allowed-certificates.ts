/** Pure: whether OpenSSL may see certificates together, of a server or of a Secret's authorities, in DER. */
import { isAllowedKey } from "./allowed-key.ts";
import { certificateParts, type Extension } from "./certificate-parts.ts";

/** The content of the OBJECT IDENTIFIER of the extension (RFC 5280, section 4.2.1.10). */
const NAME_CONSTRAINTS = "551d1e";
/**
 * The most bytes of name constraints in all of them. OpenSSL compares each with each name of the certificates below: in
 * 15 KB 20,000 comparisons, which take it 42 ms, and within this bound 10.
 */
export const MAX_CONSTRAINT_BYTES = 1_024;

const constraintBytes = (extensions: readonly Extension[]) =>
  extensions
    .filter(({ identifier }) => identifier === NAME_CONSTRAINTS)
    .reduce((sum, { length }) => sum + length, 0);

/** Whether each can be read here and has a key that is allowed, and their name constraints are no more than allowed. */
export function areAllowedCertificates(ders: readonly Buffer[]): boolean {
  let constraints = 0;
  for (const certificate of ders.map(certificateParts)) {
    if (certificate === undefined || !isAllowedKey(certificate.publicKey)) return false;
    constraints += constraintBytes(certificate.extensions);
  }
  return constraints <= MAX_CONSTRAINT_BYTES;
}
