/** Something that is done again and again while the soak runs. */
import { setTimeout as sleep } from "node:timers/promises";

/** How often, and until when. */
export interface Rhythm {
  periodMilliseconds: number;
  signal: AbortSignal;
}

/**
 * Asks until the signal fires: each time a period after it began the last time, or, where the answer took longer, as
 * soon as that is there. `note` is given each answer, and when it was asked for in milliseconds of performance.now();
 * not the one that the signal came before. Rejects where one of the two does.
 */
export async function repeat<T>(
  { periodMilliseconds, signal }: Rhythm,
  ask: () => Promise<T>,
  note: (answer: T, at: number) => void,
): Promise<void> {
  while (!signal.aborted) {
    const at = performance.now();
    const answer = await ask();
    if (signal.aborted) return;
    note(answer, at);
    await sleep(Math.max(0, at + periodMilliseconds - performance.now()));
  }
}
