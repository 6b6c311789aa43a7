/** Lets one in at a time, in the order in which they came. */

/**
 * Resolves when it is the caller's turn, with what gives the turn on; to be called in any case, and once. Rejects with
 * the signal's reason when that fires before, and takes up no place then.
 */
export type OneAtATime = (signal: AbortSignal) => Promise<() => void>;

/** Nobody is in yet. */
export function createOneAtATime(): OneAtATime {
  /** In the order of their turns. */
  const waiting = new Set<() => void>();
  let isTaken = false;

  function letNextIn(): void {
    const [first] = waiting;
    isTaken = first !== undefined;
    if (!first) return;
    waiting.delete(first);
    first();
  }

  async function wait(signal: AbortSignal): Promise<void> {
    const { promise, resolve, reject } = Promise.withResolvers<void>();
    const giveUp = () => {
      waiting.delete(resolve);
      reject(signal.reason);
    };
    waiting.add(resolve);
    signal.addEventListener("abort", giveUp);
    try {
      await promise;
    } finally {
      // A signal of a whole leadership would otherwise remember each wait.
      signal.removeEventListener("abort", giveUp);
    }
  }

  return async (signal) => {
    signal.throwIfAborted();
    if (isTaken) await wait(signal);
    isTaken = true;
    return letNextIn;
  };
}
