/** Those who wait until every dependency that could keep the pod unready has had its first result. */
export interface FirstResults {
  /** Lets go of those who wait, where nothing is awaited any more. To be called after each change. */
  look(): void;
  /** Resolves once nothing is awaited, and at the latest after `milliseconds` or when `signal` fires. */
  wait(signal: AbortSignal, milliseconds: number): Promise<void>;
}

/** Nobody waits yet. `awaits` says whether a first result is still to come. */
export function createFirstResults(awaits: () => boolean): FirstResults {
  const waiting = new Set<() => void>();
  return {
    look() {
      for (const look of waiting) look();
    },
    wait(signal, milliseconds) {
      if (signal.aborted || !awaits()) return Promise.resolve();
      const { promise, resolve } = Promise.withResolvers<void>();
      const end = () => {
        clearTimeout(deadline);
        waiting.delete(look);
        signal.removeEventListener("abort", end);
        resolve();
      };
      const look = () => {
        if (!awaits()) end();
      };
      const deadline = setTimeout(end, milliseconds);
      waiting.add(look);
      signal.addEventListener("abort", end);
      return promise;
    },
  };
}
