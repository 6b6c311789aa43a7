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
  /** As DeriveKeys; `onCost` is told what it takes, in milliseconds of CPU as estimated; known keys take nothing. */
  derive(
    source: KeySource,
    signal: AbortSignal,
    onCost?: (cpuMilliseconds: number) => void,
  ): Promise<ScramKeys>;
  /** Holds nothing afterwards. */
  forget(): void;
}

const KEY_LENGTH = 32;
const pbkdf2Async = promisify(pbkdf2);

/** CPU of one round of PBKDF2 with SHA-256, in milliseconds: 100,000 took 11. */
const ROUND_MILLISECONDS = 11 / 100_000;

interface Waiting {
  source: KeySource;
  signal: AbortSignal;
  begin: (keys: Promise<ScramKeys>) => void;
  giveUp: (reason: Error) => void;
}

/**
 * Derivations for a whole program, one after the other. The program has two threads for hashing and for files: two
 * servers that ask for many rounds would take both, and no Secret could be read meanwhile. Of those that wait the one
 * with the fewest rounds is next: in the order of their calls, a server that names another salt at each login, as
 * PgBouncer does, waited for all that ask for 100,000 rounds until its check was over. Whoever stops waiting before his
 * turn costs nothing. `derive` is replaced by tests alone.
 */
export function createDeriver(derive: typeof deriveNow = deriveNow): DeriveKeys {
  const waiting = new Set<Waiting>();
  let isBusy = false;

  async function work(): Promise<void> {
    if (isBusy) return;
    isBusy = true;
    for (let next = fewestRounds(waiting); next; next = fewestRounds(waiting)) {
      waiting.delete(next);
      if (next.signal.aborted) {
        next.giveUp(abortError(next.signal));
        continue;
      }
      const keys = derive(next.source);
      next.begin(keys);
      await keys.catch(() => {});
    }
    isBusy = false;
  }

  return (source, signal) => {
    const turn = new Promise<ScramKeys>((begin, giveUp) => {
      waiting.add({ source, signal, begin, giveUp });
    });
    void work();
    return raceAbort(turn, signal);
  };
}

/** The first of those with the fewest rounds. */
function fewestRounds(waiting: ReadonlySet<Waiting>): Waiting | undefined {
  let fewest: Waiting | undefined;
  for (const one of waiting) {
    if (!fewest || one.source.rounds < fewest.source.rounds) fewest = one;
  }
  return fewest;
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
    async derive(source, signal, onCost) {
      const fingerprint = fingerprintOf(source);
      if (known?.fingerprint === fingerprint) return known.keys;
      known = undefined;
      onCost?.(source.rounds * ROUND_MILLISECONDS);
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
