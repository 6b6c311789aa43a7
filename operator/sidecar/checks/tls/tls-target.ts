/** Policy and Secrets -> what the encryption of one connection needs. */
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
  // Loaded on first use, as TLS itself.
  const { isPemBundle } = await import("./pem-bundle.ts");
  if (!isPemBundle(ca)) throw new CheckError("Misconfigured");
  return ca;
}
