/** Reads Secret keys from the projected volume, afresh for every check, so that a rotation counts at once. */
import { join } from "node:path";
import { isDnsSubdomain, isSecretKey } from "../api/name-patterns.ts";
import { secretKeyPath } from "../api/names.ts";
import { keyName, type SecretKeyReference } from "../api/policy-file.ts";
import { forgetOldest } from "../bounds/forget-oldest.ts";
import { type CheckContext, CheckError, misconfigured } from "./checks/check.ts";
import { withoutLineBreak } from "./checks/line-breaks.ts";
import type { Log } from "./log.ts";
import { readBounded } from "./read-bounded.ts";

/** The longest value that counts as text for a connection, unless its reader takes more. */
const MAX_BYTES = 65_536;
/** Bound of the memory of what was reported missing; more names than a policy can hold. */
const MAX_REMEMBERED = 64;

/** Where the keys are, and what is known of them. */
export interface SecretReaderOptions {
  /** Where the projected volume is mounted. */
  directory: string;
  /** The `secret/key` pairs that this pod mounts. */
  mountedKeys: ReadonlySet<string>;
  log: Log;
}

/** Says of a key what is wrong with its value. */
type Blame = (what: string) => CheckError;

/** The bytes of a file, if there is one. What is too long, a folder or not ours to read is Misconfigured. */
function read(path: string, maximumBytes: number, blame: Blame): Buffer | undefined {
  try {
    return readBounded(path, maximumBytes);
  } catch {
    throw blame(`cannot be read, or is longer than ${maximumBytes / 1_024} KiB`);
  }
}

/** The text in these bytes; throws Misconfigured when they are none. */
function textOf(bytes: Uint8Array, blame: Blame): string {
  let text: string;
  try {
    text = new TextDecoder("utf-8", { fatal: true, ignoreBOM: true }).decode(bytes);
  } catch {
    throw blame("is not text in UTF-8");
  }
  if (text.includes("\0")) throw blame("holds a NUL, which no text has");
  return text;
}

/**
 * A reader for CheckContext.readSecretKey. It logs one line when a key turns missing, and another one
 * only after the key has been there again.
 */
export function createSecretReader(options: SecretReaderOptions): CheckContext["readSecretKey"] {
  const missing = new Set<string>();

  function reportMissing(pair: string, { secretName, key }: SecretKeyReference): CheckError {
    const mounted = options.mountedKeys.has(pair);
    if (!missing.has(pair)) {
      forgetOldest(missing, MAX_REMEMBERED);
      missing.add(pair);
      const message = mounted
        ? `there is no Secret ${secretName} with a key "${key}"`
        : `this pod does not mount key "${key}" of Secret ${secretName}; a new pod will`;
      options.log("warn", message);
    }
    return new CheckError(mounted ? "CredentialsMissing" : "NeedsRestart");
  }

  return async (reference, { maximumBytes = MAX_BYTES, keepsLineBreak = false } = {}) => {
    const { secretName, key } = reference;
    // The path that is built from them then cannot leave the Secret's folder.
    if (!isDnsSubdomain(secretName) || !isSecretKey(key)) {
      throw misconfigured("the policy names a Secret or key that cannot exist");
    }
    const pair = keyName(reference);
    const path = join(options.directory, secretKeyPath(secretName, key));
    const blame: Blame = (what) =>
      misconfigured(`the value of key "${key}" in Secret ${secretName} ${what}`);
    const bytes = read(path, maximumBytes, blame);
    if (bytes === undefined) throw reportMissing(pair, reference);
    missing.delete(pair);
    const text = textOf(bytes, blame);
    // An editor or `echo` adds it; in a connection string nobody means it. Nothing but logins keeps it.
    return keepsLineBreak ? text : withoutLineBreak(text);
  };
}
