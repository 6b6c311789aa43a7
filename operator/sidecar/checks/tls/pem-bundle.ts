/** Pure: a text -> the certificates of authorities in it. */
import { X509Certificate } from "node:crypto";
import { areAllowedCertificates, MAX_CONSTRAINT_BYTES } from "./allowed-certificates.ts";
import { ALLOWED_KEYS } from "./allowed-key.ts";

/** The most authorities of one Secret key; Debian's and RDS's files hold 120 to 144. */
export const MAX_AUTHORITIES = 256;
/**
 * The most of them that others have signed, and their bytes in DER. OpenSSL makes chains of up to 100 of these and
 * verifies each signature at each handshake, of RSA-16384 in 3.5 ms. RDS's file holds 22, and one that signs itself
 * ends a chain.
 */
export const MAX_INTERMEDIATES = 64;
const MAX_INTERMEDIATE_BYTES = 49_152;
/**
 * The most bytes of one of them, in DER. The largest public one has 2.0 KB, and a key and a signature of RSA-16384 are
 * 4 KiB. OpenSSL goes through what a certificate lists, such as names and addresses, once for each that a server's
 * certificate lists, at each handshake.
 */
export const MAX_AUTHORITY_BYTES = 8_192;

/** What `readPemBundle` takes, for people. */
const PEM_BUNDLE = [
  "certificates in PEM form alone",
  `${MAX_AUTHORITIES} at most`,
  `of ${MAX_AUTHORITY_BYTES / 1_024} KiB at most each`,
  `with keys of ${ALLOWED_KEYS}`,
  `${MAX_CONSTRAINT_BYTES / 1_024} KiB of name constraints at most in all`,
  `and ${MAX_INTERMEDIATES} at most, of ${MAX_INTERMEDIATE_BYTES / 1_024} KiB in all, that others have signed`,
].join(", ");

const BEGIN_CERTIFICATE = "-----BEGIN CERTIFICATE-----";
const CERTIFICATE = new RegExp(`${BEGIN_CERTIFICATE}([^-]*)-----END CERTIFICATE-----`, "g");

/**
 * The certificates, each in PEM form as it was read here: OpenSSL is given nothing else. Undefined where there is none
 * or more than MAX_AUTHORITIES, where one is longer than MAX_AUTHORITY_BYTES, cannot be read or is not allowed, where
 * their name constraints, or those that others have signed, are more than allowed, and where anything else in PEM form
 * stands beside them: OpenSSL skips what it cannot read and then trusts nobody, which would look like a wrong server,
 * and it takes certificates under other titles.
 */
export function readPemBundle(text: string): string | undefined {
  const blocks = [...text.matchAll(CERTIFICATE)].map(([, base64 = ""]) =>
    Buffer.from(base64, "base64"),
  );
  const titles = text.split("-----BEGIN").length - 1;
  if (blocks.length === 0 || blocks.length > MAX_AUTHORITIES || titles !== blocks.length) {
    return undefined;
  }
  if (
    blocks.some(({ length }) => length > MAX_AUTHORITY_BYTES) ||
    !areAllowedCertificates(blocks)
  ) {
    return undefined;
  }
  const certificates = certificatesOf(blocks);
  return certificates && haveFewIntermediates(certificates) ? certificates.join("") : undefined;
}

/**
 * What is wrong with a text that `readPemBundle` refuses, as the end of a sentence. Most of these hold something else,
 * as another key of the Secret does: bounds would only mislead.
 */
export function whyNoPemBundle(text: string): string {
  return text.includes(BEGIN_CERTIFICATE)
    ? `is not ${PEM_BUNDLE}`
    : "holds no certificate in PEM form";
}

function certificatesOf(ders: readonly Buffer[]): X509Certificate[] | undefined {
  try {
    return ders.map((der) => new X509Certificate(der));
  } catch {
    return undefined;
  }
}

function haveFewIntermediates(certificates: readonly X509Certificate[]): boolean {
  // Told as OpenSSL tells it: one that bears the name of its issuer can still name another key as the one that signed.
  const intermediates = certificates.filter((certificate) => !certificate.checkIssued(certificate));
  const bytes = intermediates.reduce((sum, { raw }) => sum + raw.length, 0);
  return intermediates.length <= MAX_INTERMEDIATES && bytes <= MAX_INTERMEDIATE_BYTES;
}
