/** A queue of keys: one worker per key at a time, repeated requests merged, failures tried again later. */
import type { Logger } from "pino";
import { backoffMilliseconds } from "./backoff.ts";

/** What a queue needs. Times in milliseconds. */
export interface QueueOptions {
  /** Works on one key. A number: work on it again after so many milliseconds. Rejects: backoff. */
  handle: (key: string) => Promise<number | undefined>;
  log: Pick<Logger, "warn">;
  /** How many keys are worked on at once. */
  concurrency?: number;
  /** Wait after the first failure of a key; doubled by each further one. */
  firstBackoff?: number;
  /** The longest wait after a failure. */
  maxBackoff?: number;
  /** From 0 to 1; for tests. */
  random?: () => number;
}

/** Keys that wait for their turn. */
export interface Queue {
  /** Work on the key as soon as possible; again, if it is being worked on. */
  add: (key: string) => void;
  /** Work on the key after some milliseconds, or earlier when that has been asked for. */
  addAfter: (key: string, milliseconds: number) => void;
  /** Takes no more work and resolves when what runs has ended. */
  stop: () => Promise<void>;
}

/** Starts an empty queue. */
export function createQueue(options: QueueOptions): Queue {
  const { handle, log, concurrency = 4, firstBackoff = 200, maxBackoff = 60_000 } = options;
  const random = options.random ?? Math.random;
  const waiting = new Set<string>();
  const running = new Map<string, Promise<void>>();
  const again = new Set<string>();
  const failures = new Map<string, number>();
  const timers = new Map<string, { at: number; timer: NodeJS.Timeout }>();
  let stopped = false;

  function backoff(key: string): number {
    const count = failures.get(key) ?? 0;
    failures.set(key, count + 1);
    return backoffMilliseconds(count, { firstBackoff, maxBackoff }, random());
  }

  async function work(key: string): Promise<void> {
    try {
      const after = await handle(key);
      failures.delete(key);
      if (after !== undefined) addAfter(key, after);
    } catch (error) {
      // Ended with the queue, and not tried again: no failure.
      if (stopped) return;
      const wait = backoff(key);
      log.warn({ key, err: error, retryMilliseconds: Math.round(wait) }, "work failed");
      addAfter(key, wait);
    }
  }

  function next(): void {
    for (const key of waiting) {
      if (stopped || running.size >= concurrency) return;
      waiting.delete(key);
      clearTimer(key);
      const done = work(key).finally(() => {
        running.delete(key);
        if (again.delete(key)) waiting.add(key);
        next();
      });
      running.set(key, done);
    }
  }

  function clearTimer(key: string): void {
    clearTimeout(timers.get(key)?.timer);
    timers.delete(key);
  }

  function add(key: string): void {
    if (stopped) return;
    if (running.has(key)) again.add(key);
    else waiting.add(key);
    next();
  }

  function addAfter(key: string, milliseconds: number): void {
    if (stopped) return;
    const at = performance.now() + milliseconds;
    if ((timers.get(key)?.at ?? Number.POSITIVE_INFINITY) <= at) return;
    clearTimer(key);
    const timer = setTimeout(() => {
      timers.delete(key);
      add(key);
    }, milliseconds);
    timers.set(key, { at, timer });
  }

  return {
    add,
    addAfter,
    stop: async () => {
      stopped = true;
      for (const key of [...timers.keys()]) clearTimer(key);
      await Promise.all(running.values());
    },
  };
}
