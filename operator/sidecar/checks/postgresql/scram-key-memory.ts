/** (password, salt, rounds) -> SCRAM keys: derived once, one derivation at a time. */
import { hash, pbkdf2 } from "node:crypto";
import { promisify } from "node:util";
import { abortError, raceAbort } from "../abort.ts";
import { type ScramChallenge, type ScramKeys, saslPrep, scramKeys } from "./scram.ts";

/** What keys are derived from. */
export type KeySource = Pick<ScramChallenge, "salt" | "rounds"> & { password: string };

/** Rejects with the reason of `signal` as soon as that fires; a derivation that has begun goes on to its end. */
export type DeriveKeys = (source: KeySource, signal: AbortSignal) => Promise<ScramKeys>;

/** The keys of one dependency. */
export interface ScramKeyMemory {
  derive: DeriveKeys;
  /** Holds nothing afterwards. */
  forget(): void;
}

const KEY_LENGTH = 32;
const pbkdf2Async = promisify(pbkdf2);

/**
 * Derivations for a whole program, one after the other in the order of their calls. The program has two
 * threads for hashing and for files: two servers that ask for many rounds would take both, and no Secret
 * could be read meanwhile. Whoever stops waiting before his turn costs nothing. `derive` is replaced by tests alone.
 */
export function createDeriver(derive: typeof deriveNow = deriveNow): DeriveKeys {
  let last: Promise<unknown> = Promise.resolve();
  return (source, signal) => {
    const turn = last.then(() => {
      if (signal.aborted) throw abortError(signal);
      return derive(source);
    });
    last = turn.catch(() => {});
    return raceAbort(turn, signal);
  };
}

async function deriveNow({ password, salt, rounds }: KeySource): Promise<ScramKeys> {
  return scramKeys(await pbkdf2Async(saslPrep(password), salt, rounds, KEY_LENGTH, "sha256"));
}

/**
 * Remembers the last keys, in memory only: with PostgreSQL's rounds they would take a third of the work
 * of a check. One entry per dependency, so that a server that changes its salt drives out no other's keys.
 * Another password takes the place of what was there; the password itself is not kept.
 */
export function createKeyMemory(derive: DeriveKeys): ScramKeyMemory {
  let known: { fingerprint: string; keys: ScramKeys } | undefined;
  return {
    async derive(source, signal) {
      const fingerprint = fingerprintOf(source);
      if (known?.fingerprint === fingerprint) return known.keys;
      known = undefined;
      const keys = await derive(source, signal);
      known = { fingerprint, keys };
      return keys;
    },
    forget() {
      known = undefined;
    },
  };
}

function fingerprintOf({ password, salt, rounds }: KeySource): string {
  return hash("sha256", JSON.stringify([password, salt.toString("base64"), rounds]));
}
