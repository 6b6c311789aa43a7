/**
 * What a `tls.caSecret` holds -> the side of TLS that trusts its authorities alone, made once for each text. Made anew
 * for each check it was 20 MiB a minute for one Secret crafted to be costly, none of which V8 counts, so that it was
 * collected when the sidecar had been killed.
 */
import { hash } from "node:crypto";
import type { SecureContext } from "node:tls";
import { MAX_DEPENDENCIES } from "../../../api/limits.ts";
import { keyName, type SecretKeyReference } from "../../../api/policy-file.ts";
import { forgetOldest } from "../../../bounds/forget-oldest.ts";
import { misconfigured } from "../check.ts";
import { isNamedByPolicy } from "./named-keys.ts";
import { readPemBundle, whyNoPemBundle } from "./pem-bundle.ts";
import { contextTrusting } from "./start-tls.ts";

/**
 * The longest that all texts together are, in characters: 64 KiB for each dependency. OpenSSL takes up to 26 bytes for
 * each in one crafted to be costly, 20 MiB in all, and 5 in an ordinary one. To read them all takes up to 0.2 s of CPU.
 */
export const MAX_TEXTS_LENGTH = MAX_DEPENDENCIES * 65_536;
const TOO_MUCH = `all tls.caSecret together have more than ${MAX_TEXTS_LENGTH / 1_024} KiB, equal values counted once`;
/**
 * How much text is read before memory is collected. Reading takes up to 26 bytes for each character too, and what is
 * dropped until then stands beside what takes its place.
 */
const MAX_UNCOLLECTED = 65_536;

/** What Secrets hold of authorities. */
export interface Authorities {
  /**
   * Trusts the authorities in `text`, which is what the Secret key holds now. The same for every dependency whose key
   * holds that text, until it changes. A server's certificate is verified anew at each connection all the same: a
   * session is resumed only where one is passed along, and none is. Throws Misconfigured where readPemBundle takes none
   * from it, or where all texts together would be longer than MAX_TEXTS_LENGTH; what a key held that the policy names
   * no more takes no room.
   */
  secureContextOf({ secretName, key }: SecretKeyReference, text: string): SecureContext;
}

/** What came of a text. */
interface Bundle {
  /** Not the text: a key that somebody put there by mistake would be kept with it. */
  fingerprint: string;
  /** How long the text is. */
  length: number;
  /** Unset where it was refused. Its length counts all the same: reading it takes as long. */
  context: SecureContext | undefined;
}

/**
 * Nothing known yet. `collect` frees what was dropped until now, where the program runs with `--expose-gc`; it takes
 * 6 ms. All are replaced by tests alone.
 */
export function createAuthorities(
  read = readPemBundle,
  collect: (() => void) | undefined = globalThis.gc,
  isNamed = isNamedByPolicy,
): Authorities {
  /** By the names of Secret keys: what each held when it was asked for last. */
  const known = new Map<string, Bundle>();
  let uncollected = 0;

  const bundles = () => [...new Set(known.values())];
  const bundleOf = (fingerprint: string) =>
    bundles().find((bundle) => bundle.fingerprint === fingerprint);

  function hasRoomFor(text: string): boolean {
    for (const name of known.keys()) {
      if (!isNamed(name)) known.delete(name);
    }
    const taken = bundles().reduce((sum, { length }) => sum + length, 0);
    return taken + text.length <= MAX_TEXTS_LENGTH;
  }

  function createBundle(fingerprint: string, text: string): Bundle {
    if (!hasRoomFor(text)) throw misconfigured(TOO_MUCH);
    const ca = read(text);
    uncollected += text.length;
    // Eleven texts crafted to be costly, all changed every minute, would take all memory before V8 collected them by
    // itself.
    if (uncollected > MAX_UNCOLLECTED) {
      collect?.();
      uncollected = 0;
    }
    const context = ca === undefined ? undefined : contextTrusting(ca);
    return { fingerprint, length: text.length, context };
  }

  return {
    secureContextOf(reference, text) {
      const name = keyName(reference);
      const fingerprint = hash("sha256", text);
      const same = bundleOf(fingerprint);
      // What it held before makes room for what it holds now.
      known.delete(name);
      const bundle = same ?? createBundle(fingerprint, text);
      forgetOldest(known, MAX_DEPENDENCIES);
      known.set(name, bundle);
      if (bundle.context) return bundle.context;
      throw misconfigured(`the value of tls.caSecret ${whyNoPemBundle(text)}`);
    },
  };
}

/** Of this program. */
export const authorities = createAuthorities();
