/** The key by which an authority signs certificates. */
import { createPrivateKey, type webcrypto } from "node:crypto";

/** What the operator makes, and can sign with: P-256. */
export const KEY_ALGORITHM = { name: "ECDSA", namedCurve: "P-256" } as const;

/**
 * The key in `pem`, be it in the form of PKCS 8 or of SEC 1. Throws where it is no key of P-256. The plan reads keys by
 * this function too, and not the signing alone: an authority of RSA that somebody had put into the Secret was kept, and
 * its certificate never renewed.
 */
export function authorityKey(pem: string): webcrypto.CryptoKey {
  return createPrivateKey(pem).toCryptoKey(KEY_ALGORITHM, false, ["sign"]);
}
