/**
 * A queue of work: one worker per item at a time, repeated requests merged, failures tried again later, and turns for
 * those who have work done.
 */
import type { Logger } from "pino";
import { backoffMilliseconds } from "./backoff.ts";
import { createRepeatedErrors } from "./repeated-errors.ts";
import { createTurns } from "./turns.ts";

/** What is told of the work, for metrics. */
export interface QueueObserver<T> {
  /** Called as the work on an item begins, with the seconds since it was due. */
  onStart: (item: T, waitedSeconds: number) => void;
  /** Called when the work on an item has failed. */
  onFailure: (item: T) => void;
}

/** What a queue needs. Times in milliseconds. */
export interface QueueOptions<T> {
  /** Works on one item. A number: work on it again after so many milliseconds. Rejects: backoff. */
  handle: (item: T) => Promise<number | undefined>;
  /** Items of one key are the same work. */
  keyOf: (item: T) => string;
  /** Whose turn it takes: of all groups that wait, each has one item begun before any has another. Without it: one. */
  groupOf?: (item: T) => string;
  log: Pick<Logger, "warn">;
  observer?: QueueObserver<T> | undefined;
  /** How many items are worked on at once. */
  concurrency?: number;
  /** Wait after the first failure of an item; doubled by each further one. */
  firstBackoff?: number;
  /** The longest wait after a failure. */
  maxBackoff?: number;
  /** From 0 to 1; for tests. */
  random?: () => number;
}

/** Items that wait for their turn. */
export interface Queue<T> {
  /** Work on the item as soon as possible; again, if it is being worked on. */
  add: (item: T) => void;
  /** Work on the item after some milliseconds, or earlier when that has been asked for. */
  addAfter: (item: T, milliseconds: number) => void;
  /** How many items are due and wait for their turn. */
  depth: () => number;
  /** Takes no more work and resolves when what runs has ended. */
  stop: () => Promise<void>;
}

/** An item, and since when it has been due, by performance.now(). */
interface Due<T> {
  item: T;
  since: number;
}

/** Starts an empty queue. */
export function createQueue<T>(options: QueueOptions<T>): Queue<T> {
  const { handle, keyOf, log, observer } = options;
  const { groupOf = () => "" } = options;
  const { concurrency = 4, firstBackoff = 200, maxBackoff = 60_000 } = options;
  const random = options.random ?? Math.random;
  const waiting = createTurns<Due<T>>();
  // All of these by key.
  const running = new Map<string, Promise<void>>();
  const again = new Map<string, Due<T>>();
  const failures = new Map<string, number>();
  const timers = new Map<string, { at: number; timer: NodeJS.Timeout }>();
  const errors = createRepeatedErrors();
  let stopped = false;
  let turn: NodeJS.Immediate | undefined;

  function backoff(key: string): number {
    const count = failures.get(key) ?? 0;
    failures.set(key, count + 1);
    return backoffMilliseconds(count, { firstBackoff, maxBackoff }, random());
  }

  async function work(key: string, item: T): Promise<void> {
    try {
      const after = await handle(item);
      failures.delete(key);
      errors.forget(key);
      if (after !== undefined) addAfter(item, after);
    } catch (error) {
      // The queue is being stopped and has ended this work itself: nothing has failed.
      if (stopped) return;
      observer?.onFailure(item);
      const wait = backoff(key);
      const retryMilliseconds = Math.round(wait);
      log.warn({ key, retryMilliseconds, ...errors.fields(key, error) }, "work failed");
      addAfter(item, wait);
    }
  }

  /** What was asked for during the work waits for its turn again. */
  function finish(key: string): void {
    running.delete(key);
    const due = again.get(key);
    if (due !== undefined) waiting.set(groupOf(due.item), key, due);
    again.delete(key);
    next();
  }

  function begin({ item, since }: Due<T>): void {
    const key = keyOf(item);
    clearTimer(key);
    observer?.onStart(item, (performance.now() - since) / 1_000);
    running.set(
      key,
      work(key, item).finally(() => finish(key)),
    );
  }

  /**
   * Begins one item in each turn of the event loop. Work that finds nothing to write asks nobody and ends at once: item
   * upon item would run without a pause, and the webhook would answer nobody meanwhile.
   */
  function next(): void {
    if (turn || stopped || running.size >= concurrency) return;
    const due = waiting.take();
    if (!due) return;
    turn = setImmediate(() => {
      turn = undefined;
      next();
    });
    begin(due);
  }

  function clearTimer(key: string): void {
    clearTimeout(timers.get(key)?.timer);
    timers.delete(key);
  }

  function add(item: T): void {
    if (stopped) return;
    const key = keyOf(item);
    const group = groupOf(item);
    const isRunning = running.has(key);
    const before = isRunning ? again.get(key) : waiting.get(group, key);
    const due = { item, since: before?.since ?? performance.now() };
    if (isRunning) again.set(key, due);
    else waiting.set(group, key, due);
    next();
  }

  function addAfter(item: T, milliseconds: number): void {
    if (stopped) return;
    const key = keyOf(item);
    const at = performance.now() + milliseconds;
    if ((timers.get(key)?.at ?? Number.POSITIVE_INFINITY) <= at) return;
    clearTimer(key);
    const timer = setTimeout(() => {
      timers.delete(key);
      add(item);
    }, milliseconds);
    timers.set(key, { at, timer });
  }

  return {
    add,
    addAfter,
    depth: () => waiting.size() + again.size,
    stop: async () => {
      stopped = true;
      for (const key of [...timers.keys()]) clearTimer(key);
      await Promise.all(running.values());
    },
  };
}
