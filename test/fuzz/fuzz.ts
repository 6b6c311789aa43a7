/**
 * For tests: a property that must hold for whatever anybody sends. In `make check` a few inputs, the same each time;
 * in `make fuzz` as many new ones as there is time for.
 */
import { expect, test } from "@jest/globals";
import type fc from "fast-check";
import { type Property, tryInputs } from "./try-inputs.ts";

/** Of `make check`. */
const SEED = 1;
/** Inputs from one seed: what failed is found again at once, and not after all that came before. */
const BATCH = 200;
const PROGRESS_MILLISECONDS = 60_000;
/** What the last input may take beyond the time, until a test counts as hanging. */
const GRACE_MILLISECONDS = 60_000;

/** What a property is tried with. */
export interface FuzzOptions<T> {
  input: fc.Arbitrary<T>;
  /** Throws where the property does not hold. */
  holds: (input: T) => void | Promise<void>;
  /** How many inputs in `make check`: those of all properties together may take 3 s of CPU. */
  runs: number;
}

// Of `make fuzz`: time for this file, where to begin, and the way to the one input that is to be repeated.
const MILLISECONDS = Number(process.env.FUZZ_FILE_SECONDS ?? 0) * 1_000;
const FIRST_SEED = Number(process.env.FUZZ_SEED ?? SEED);
const PATH = process.env.FUZZ_PATH;

/** The properties of this file share its time. */
let properties = 0;

function say(text: string): void {
  process.stderr.write(`fuzz: ${text}\n`);
}

async function tryForAWhile<T>(property: Property<T>, milliseconds: number): Promise<void> {
  const { what } = property;
  const started = performance.now();
  const left = () => started + milliseconds - performance.now();
  let inputs = 0;
  let nextProgress = started + PROGRESS_MILLISECONDS;
  for (let seed = FIRST_SEED; left() > 0; seed += 1) {
    const interruptAfterTimeLimit = Math.ceil(left());
    inputs += await tryInputs(property, { seed, numRuns: BATCH, interruptAfterTimeLimit });
    if (performance.now() < nextProgress) continue;
    nextProgress += PROGRESS_MILLISECONDS;
    say(`${what}: ${inputs} inputs so far, seed ${seed}`);
  }
  if (inputs === 0) throw new Error(`no input was tried in ${milliseconds} ms: give it more time`);
  const seconds = Math.round((performance.now() - started) / 1_000);
  say(`${what}: ${inputs} inputs in ${seconds} s`);
}

/** A test of the property. Its name is for a person, and for `make fuzz NAME=`. */
export function fuzz<T>(what: string, { input, holds, runs }: FuzzOptions<T>): void {
  properties += 1;
  test(
    what,
    async () => {
      const property = { what, input, holds, testPath: expect.getState().testPath ?? "" };
      if (PATH !== undefined) await tryInputs(property, { seed: FIRST_SEED, path: PATH });
      else if (MILLISECONDS > 0) await tryForAWhile(property, MILLISECONDS / properties);
      else await tryInputs(property, { seed: FIRST_SEED, numRuns: runs });
    },
    MILLISECONDS + GRACE_MILLISECONDS,
  );
}
