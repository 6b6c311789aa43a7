/** Policy and Secrets -> what the encryption of one connection needs. */
import type { SecureContext } from "node:tls";
import { DEPENDENCY_DEFAULTS } from "../../../api/limits.ts";
import type { SecretKeyReference, TlsConfig, TlsMode } from "../../../api/policy-file.ts";
import { type CheckContext, misconfigured } from "../check.ts";
import { TLS_TWICE } from "../target-problems.ts";

/**
 * The longest value of a `tls.caSecret`. The public authorities, as Debian and RDS give them out, have 180 to 220 KB,
 * with certifi's comments 293.
 */
const MAX_CA_BYTES = 327_680;

/** How to encrypt. */
export interface TlsTarget {
  mode: TlsMode;
  /** Trusts those alone that may sign the server's certificate; unset: the public authorities. */
  secureContext: SecureContext | undefined;
}

/**
 * How to encrypt by `mode`, with the authorities of `caSecret`, which only VerifyFull needs. Rejects with what
 * `readSecretKey` rejects with, or with Misconfigured: what `secureContextOf` refuses.
 */
export async function tlsTarget(
  mode: TlsMode,
  caSecret: SecretKeyReference | undefined,
  readSecretKey: CheckContext["readSecretKey"],
): Promise<TlsTarget> {
  if (mode !== "VerifyFull" || !caSecret) return { mode, secureContext: undefined };
  const text = await readSecretKey(caSecret, { maximumBytes: MAX_CA_BYTES });
  // Loaded on first use, as TLS itself.
  const { authorities } = await import("./authorities.ts");
  return { mode, secureContext: authorities.secureContextOf(caSecret, text) };
}

/**
 * For a protocol that asks for TLS on its own connection. `ofUrl` is what a connection string says. Rejects with what
 * `tlsTarget` rejects with, or with Misconfigured: the mode is given twice, in URL and policy; whichever were followed,
 * somebody would rely on the other.
 */
export async function negotiatedTlsTarget(
  ofPolicy: TlsConfig | undefined,
  ofUrl: TlsMode | undefined,
  readSecretKey: CheckContext["readSecretKey"],
): Promise<TlsTarget> {
  if (ofPolicy && ofUrl) throw misconfigured(TLS_TWICE);
  const mode = ofPolicy?.mode ?? ofUrl ?? DEPENDENCY_DEFAULTS.negotiatedTlsMode;
  return tlsTarget(mode, ofPolicy?.caSecret, readSecretKey);
}
