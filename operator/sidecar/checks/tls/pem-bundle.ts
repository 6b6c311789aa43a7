/** Pure: a text -> the certificates of authorities in it. */
import { X509Certificate } from "node:crypto";
import { isAllowedKey } from "./allowed-key.ts";
import { certificateParts } from "./certificate-parts.ts";

/** The most authorities of one Secret key. OpenSSL reads them anew for each check, and its own files hold about 140. */
export const MAX_AUTHORITIES = 64;

const CERTIFICATE = /-----BEGIN CERTIFICATE-----([^-]*)-----END CERTIFICATE-----/g;

/**
 * The certificates, each in PEM form as it was read here: OpenSSL is given nothing else. Undefined where there is none
 * or more than MAX_AUTHORITIES, where one cannot be read or has a key that is not allowed, and where anything else in
 * PEM form stands beside them: tls.connect skips what it cannot read and then trusts nobody, which would look like a
 * wrong server, and it takes certificates under other titles.
 */
export function readPemBundle(text: string): string | undefined {
  const blocks = [...text.matchAll(CERTIFICATE)].map(([, base64 = ""]) =>
    Buffer.from(base64, "base64"),
  );
  const titles = text.split("-----BEGIN").length - 1;
  if (blocks.length === 0 || blocks.length > MAX_AUTHORITIES || titles !== blocks.length) {
    return undefined;
  }
  const certificates = blocks.map(certificate);
  return certificates.includes(undefined) ? undefined : certificates.join("");
}

function certificate(der: Buffer): string | undefined {
  const parts = certificateParts(der);
  if (parts === undefined || !isAllowedKey(parts.publicKey)) return undefined;
  try {
    return new X509Certificate(der).toString();
  } catch {
    return undefined;
  }
}
