/**
 * What a `tls.caSecret` holds -> the side of TLS that trusts its authorities alone, made once for each text. Made anew
 * for each check it was 20 MiB a minute for one Secret crafted to be costly, none of which V8 counts, so that it was
 * collected when the sidecar had been killed.
 */
import { hash } from "node:crypto";
import type { SecureContext } from "node:tls";
import { MAX_DEPENDENCIES } from "../../../api/limits.ts";
import type { SecretKeyReference } from "../../../api/policy-file.ts";
import { forgetOldest } from "../../../bounds/forget-oldest.ts";
import { readPemBundle } from "./pem-bundle.ts";
import { contextTrusting } from "./start-tls.ts";

/** What Secrets hold of authorities. */
export interface Authorities {
  /**
   * Trusts the authorities in `text`, which is what the Secret key holds now; undefined where readPemBundle gives none.
   * The same for every dependency that names the key, until its text changes. A server's certificate is verified anew
   * at each connection all the same: a session is resumed only where one is passed along, and none is.
   */
  secureContextOf({ secretName, key }: SecretKeyReference, text: string): SecureContext | undefined;
}

interface Known {
  /** Not the text: a key that somebody put there by mistake would be kept with it. */
  fingerprint: string;
  context: SecureContext | undefined;
}

/**
 * Nothing known yet. `collect` frees what was dropped until now, where the program runs with `--expose-gc`; it takes
 * 6 ms, and Secrets change once a minute. Both are replaced by tests alone.
 */
export function createAuthorities(
  read = readPemBundle,
  collect: (() => void) | undefined = globalThis.gc,
): Authorities {
  const known = new Map<string, Known>();

  function createContext(text: string): SecureContext | undefined {
    const ca = read(text);
    return ca === undefined ? undefined : contextTrusting(ca);
  }

  return {
    secureContextOf({ secretName, key }, text) {
      const name = `${secretName}/${key}`;
      const fingerprint = hash("sha256", text);
      const before = known.get(name);
      known.delete(name);
      const isKnown = before?.fingerprint === fingerprint;
      // Eleven texts crafted to be costly, all changed every minute, would take all memory before V8 collected them by
      // itself.
      if (!isKnown && (before || known.size === MAX_DEPENDENCIES)) collect?.();
      const now = isKnown ? before : { fingerprint, context: createContext(text) };
      // Those of dependencies that the policy no longer has make room: all others have been asked for since.
      forgetOldest(known, MAX_DEPENDENCIES);
      known.set(name, now);
      return now.context;
    },
  };
}

/** Of this program. */
export const authorities = createAuthorities();
