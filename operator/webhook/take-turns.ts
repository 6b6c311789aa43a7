/** Who may use the event loop next. */
import { setImmediate as nextTurn } from "node:timers/promises";

/** Resolves when it is the turn of a piece of work of this size; the work is to be done at once then. */
export type Turns = (bytes: number) => Promise<void>;

/**
 * One piece of work in each turn of the event loop, the smallest first. Between two of them the loop
 * answers whatever has arrived meanwhile, so that a heap of large reviews delays the small ones by one
 * large review at most.
 */
export function takeTurns(): Turns {
  const waiting: { bytes: number; begin: () => void }[] = [];
  let running = false;

  async function run(): Promise<void> {
    running = true;
    while (waiting.length > 0) {
      await nextTurn();
      waiting.sort((one, other) => one.bytes - other.bytes);
      waiting.shift()?.begin();
    }
    running = false;
  }

  return (bytes) => {
    const { promise, resolve } = Promise.withResolvers<void>();
    waiting.push({ bytes, begin: resolve });
    if (!running) void run();
    return promise;
  };
}
