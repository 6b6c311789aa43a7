/** Pure: a text -> the certificates of authorities in it. */
import { X509Certificate } from "node:crypto";
import { areAllowedCertificates, MAX_CONSTRAINT_BYTES } from "./allowed-certificates.ts";
import { ALLOWED_KEYS } from "./allowed-key.ts";

/** The most authorities of one Secret key; OpenSSL's own files hold about 140. */
export const MAX_AUTHORITIES = 64;
/**
 * The most bytes of one of them, in DER. The largest public one has 2.0 KB, and a key and a signature of RSA-16384 are
 * 4 KiB. OpenSSL goes through what a certificate lists, such as names and addresses, once for each that a server's
 * certificate lists, at each handshake.
 */
export const MAX_AUTHORITY_BYTES = 8_192;

/** What `readPemBundle` takes, for people. */
export const PEM_BUNDLE = [
  "certificates in PEM form alone",
  `${MAX_AUTHORITIES} at most`,
  `of ${MAX_AUTHORITY_BYTES / 1_024} KiB at most each`,
  `with keys of ${ALLOWED_KEYS}`,
  `and ${MAX_CONSTRAINT_BYTES / 1_024} KiB of name constraints at most in all`,
].join(", ");

const CERTIFICATE = /-----BEGIN CERTIFICATE-----([^-]*)-----END CERTIFICATE-----/g;

/**
 * The certificates, each in PEM form as it was read here: OpenSSL is given nothing else. Undefined where there is none
 * or more than MAX_AUTHORITIES, where one is longer than MAX_AUTHORITY_BYTES, cannot be read or is not allowed, where
 * they have more name constraints than allowed, and where anything else in PEM form stands beside them: OpenSSL skips
 * what it cannot read and then trusts nobody, which would look like a wrong server, and it takes certificates under
 * other titles.
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
  const certificates = blocks.map(certificate);
  return certificates.includes(undefined) ? undefined : certificates.join("");
}

function certificate(der: Buffer): string | undefined {
  try {
    return new X509Certificate(der).toString();
  } catch {
    return undefined;
  }
}
