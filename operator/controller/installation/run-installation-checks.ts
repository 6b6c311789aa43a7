/** Runs the checks of an installation one after the other, and says of each what came of it in a line. */
import { setTimeout as sleep } from "node:timers/promises";

/** One thing that has to be so. */
export interface InstallationCheck {
  /** A sentence that is true when the check succeeds, without its full stop. */
  name: string;
  /** Resolves with what is worth knowing, maybe nothing; rejects with a sentence that says what is wrong. */
  run: () => Promise<string>;
  /** Where it says what to do: a path in this project. */
  see: string;
}

/** All times in milliseconds. */
export interface CheckTimes {
  /** How long a check is tried again: API servers need a moment to hear of what was just installed. */
  patience: number;
  pause: number;
}

const TIMES: CheckTimes = { patience: 20_000, pause: 1_000 };

/** Tries again until it succeeds; the last failure counts. */
async function tried(check: InstallationCheck, { patience, pause }: CheckTimes): Promise<string> {
  const start = performance.now();
  for (;;) {
    try {
      return await check.run();
    } catch (error) {
      if (performance.now() - start > patience) throw error;
    }
    await sleep(pause);
  }
}

/**
 * Runs all checks, also after one has failed; `print` is given the lines. Resolves with whether all succeeded. The last
 * line counts those that failed.
 */
export async function runInstallationChecks(
  checks: readonly InstallationCheck[],
  print: (line: string) => void,
  times: CheckTimes = TIMES,
): Promise<boolean> {
  let failed = 0;
  for (const check of checks) {
    try {
      const told = await tried(check, times);
      print(`√ ${check.name}${told === "" ? "" : ` (${told})`}`);
    } catch (error) {
      failed += 1;
      print(`× ${check.name}`);
      print(`    ${error instanceof Error ? error.message : String(error)}`);
      print(`    see ${check.see}`);
    }
  }
  print(failed === 0 ? "All checks succeeded." : `${failed} of ${checks.length} checks failed.`);
  return failed === 0;
}
