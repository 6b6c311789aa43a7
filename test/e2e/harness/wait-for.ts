import { setTimeout as sleep } from "node:timers/promises";
import { POLL } from "../timeouts.ts";

/** What is waited for and for how long at most. */
export interface Wait {
  /** Ends the sentence "waited N ms for ...". */
  what: string;
  /** Milliseconds from now. */
  within: number;
  /** Milliseconds between two looks; POLL where it is not given. */
  every?: number;
}

/**
 * Asks again and again until the answer is not undefined, and gives it. Throws after `within`
 * milliseconds with what was waited for. A question that is under way when the time is over still counts.
 */
export async function waitFor<T>(wait: Wait, ask: () => Promise<T | undefined>): Promise<T> {
  const start = performance.now();
  for (;;) {
    const late = performance.now() - start > wait.within;
    const answer = await ask();
    if (answer !== undefined) return answer;
    if (late) throw new Error(`waited ${Math.round(wait.within)} ms for ${wait.what}`);
    await sleep(wait.every ?? POLL);
  }
}

/** As waitFor, for something that is true or false. */
export async function waitUntil(wait: Wait, holds: () => Promise<boolean>): Promise<void> {
  await waitFor(wait, async () => ((await holds()) ? true : undefined));
}

/** Looks again and again for `duration` milliseconds and throws as soon as it does not hold. */
export async function staysTrue(
  what: string,
  duration: number,
  holds: () => Promise<boolean>,
): Promise<void> {
  const start = performance.now();
  while (performance.now() - start < duration) {
    if (!(await holds())) {
      throw new Error(`${what}: no longer after ${Math.round(performance.now() - start)} ms`);
    }
    await sleep(POLL);
  }
}
