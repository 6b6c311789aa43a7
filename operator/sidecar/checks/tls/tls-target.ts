/** Policy and Secrets -> what the encryption of one connection needs. */
import { X509Certificate } from "node:crypto";
import type { SecretKeyReference, TlsMode } from "../../../api/policy-file.ts";
import { type CheckContext, CheckError } from "../check.ts";

/** How to encrypt. */
export interface TlsTarget {
  mode: TlsMode;
  /** PEM certificates that may sign the server's; unset: the public authorities. */
  ca: string | undefined;
}

/**
 * The authorities of `caSecret`, which only VerifyFull needs. Rejects with what `readSecretKey` rejects with,
 * or with Misconfigured: no PEM certificate.
 */
export async function readCa(
  mode: TlsMode,
  caSecret: SecretKeyReference | undefined,
  readSecretKey: CheckContext["readSecretKey"],
): Promise<string | undefined> {
  if (mode !== "VerifyFull" || !caSecret) return undefined;
  const ca = await readSecretKey(caSecret);
  if (!isPemBundle(ca)) throw new CheckError("Misconfigured");
  return ca;
}

/** tls.connect skips what it cannot read and then trusts nobody, which would look like a wrong server. */
function isPemBundle(text: string): boolean {
  const blocks = text.match(/-----BEGIN CERTIFICATE-----[^-]*-----END CERTIFICATE-----/g) ?? [];
  return blocks.length > 0 && blocks.every(isCertificate);
}

function isCertificate(pem: string): boolean {
  try {
    new X509Certificate(pem);
    return true;
  } catch {
    return false;
  }
}
