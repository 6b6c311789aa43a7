/** Why a certificate that fits is replaced all the same: too weak, too long-lived, or for another use. */
import type { KeyObject, X509Certificate } from "node:crypto";
import { CA_LIFETIME_MILLISECONDS, LEAF_LIFETIME_MILLISECONDS } from "./lifetimes.ts";

/** Curves of 256 bits and more, as OpenSSL calls them: P-256, P-384, P-521. */
const CURVES: readonly unknown[] = ["prime256v1", "secp384r1", "secp521r1"];
/** The least that NIST SP 800-57 and browsers take. */
const RSA_BITS = 2_048;
/** Whatever has another lifetime than ours is not ours; twice leaves room for ours to change. */
const LIFETIME_FACTOR = 2;
/** OID of the extended key usage of a TLS server. */
const SERVER_AUTHENTICATION = "1.3.6.1.5.5.7.3.1";

function isStrong({ asymmetricKeyType, asymmetricKeyDetails }: KeyObject): boolean {
  if (asymmetricKeyType === "rsa") return (asymmetricKeyDetails?.modulusLength ?? 0) >= RSA_BITS;
  // Undefined for keys of any other kind.
  return CURVES.includes(asymmetricKeyDetails?.namedCurve);
}

function whyWeak(certificate: X509Certificate, lifetime: number): string | undefined {
  if (!isStrong(certificate.publicKey)) return "has a weak key";
  // A list of what is taken: SHA-1 and MD5 are not, nor whatever comes under an unknown name.
  if (!/sha(256|384|512)/i.test(certificate.signatureAlgorithm ?? "")) {
    return "has a weak signature";
  }
  const lives = Date.parse(certificate.validTo) - Date.parse(certificate.validFrom);
  return lives > LIFETIME_FACTOR * lifetime ? "lives too long" : undefined;
}

/** Why this authority must not be trusted any longer; the end of a sentence, or undefined. */
export function whyUnsoundAuthority(authority: X509Certificate): string | undefined {
  if (!authority.ca) return "has no CA flag";
  return whyWeak(authority, CA_LIFETIME_MILLISECONDS);
}

/** Why the webhook must not show this certificate any longer; the end of a sentence, or undefined. */
export function whyUnsoundLeaf(leaf: X509Certificate): string | undefined {
  if (leaf.ca) return "has the CA flag";
  if (!leaf.keyUsage?.includes(SERVER_AUTHENTICATION)) return "is not for servers";
  return whyWeak(leaf, LEAF_LIFETIME_MILLISECONDS);
}
