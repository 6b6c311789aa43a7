/** Who may use the event loop next. */
import { setImmediate as nextTurn } from "node:timers/promises";
import { forgetOldest } from "../bounds/forget-oldest.ts";

/** A piece of work: how large it is, and the address of the client who wants it done. */
export interface Work {
  bytes: number;
  address: string;
  /** Whether the client has gone: nobody waits for it any longer. */
  isGone: () => boolean;
}

/**
 * Does the work when it is its turn; resolves with what it gives, and rejects with what it throws. Resolves with
 * undefined and does nothing where the client has gone before.
 */
export type Turns = <T>(work: Work, use: () => T) => Promise<T | undefined>;

/** Milliseconds of CPU, of the thread that does the work. */
export type Clock = () => { now: number; cpu: number };

/** Addresses whose work is remembered: twice as many as there are connections. */
const MAX_ADDRESSES = 1_024;
/** After so many milliseconds what an address has used counts half. */
const HALF_LIFE_MILLISECONDS = 1_000;
/**
 * What an address counts for that has no work behind it: as much as forty ordinary pods. Else a hundred new ones, each
 * with the costliest pod there is, would all go before an API server.
 */
const NEWCOMER_MILLISECONDS = 50;
/** A new address that has waited for so long is patient enough: an API server waits for 3 s. */
const PATIENT_MILLISECONDS = 500;
/** All new addresses together go before others while they have used less lately: a fifth of the time, if they go on. */
const NEWCOMERS_MILLISECONDS = 250;

interface Waiting extends Work {
  /** By the clock. */
  since: number;
  run: () => void;
  leave: () => void;
}

interface Used {
  milliseconds: number;
  at: number;
}

const clockOfThread: Clock = () => {
  const { user, system } = process.threadCpuUsage();
  return { now: performance.now(), cpu: (user + system) / 1_000 };
};

/** What is left of it at this time. */
function left({ milliseconds, at }: Used, now: number): number {
  return milliseconds * 0.5 ** ((now - at) / HALF_LIFE_MILLISECONDS);
}

/**
 * One piece of work in each turn of the event loop. Between two of them the loop answers whatever has arrived
 * meanwhile. The address goes first whose work has taken the least CPU lately: by number of turns, three addresses with
 * pods of 120 ms kept the reviews of an API server waiting for 9 s. Of its work the smallest goes first, so that a heap
 * of large reviews behind one address delays a small one as little.
 *
 * A new address counts as if it had used something. Others can keep the loop so busy that the least of them has always
 * used less: of 30 addresses each has a thirtieth of the time. So a new one that has waited for long counts nothing, or
 * an API server that was never served would never be. That it may do as long as all new ones together have used little
 * lately, or a hundred of them would all go before those that are known. Of new ones, too, the smallest goes first.
 *
 * Each turn begins with a look at all that waits, and what nobody waits for is dropped. So there is never more of it
 * than there are connections.
 */
export function takeTurns(clock = clockOfThread): Turns {
  const waiting = new Set<Waiting>();
  /** By address; who had the last turn is last. */
  const used = new Map<string, Used>();
  /** By all addresses in their first turns. */
  let usedByNew: Used = { milliseconds: 0, at: 0 };
  let running = false;

  /** What the address of the work counts. */
  function counted({ address, since }: Waiting, now: number): number {
    const before = used.get(address);
    if (before) return left(before, now);
    const isPatient = now - since >= PATIENT_MILLISECONDS;
    return isPatient && left(usedByNew, now) < NEWCOMERS_MILLISECONDS ? 0 : NEWCOMER_MILLISECONDS;
  }

  function dropGone(): void {
    for (const work of waiting) {
      if (!work.isGone()) continue;
      waiting.delete(work);
      work.leave();
    }
  }

  /** Looks at each once: whoever waits is no longer in order after a turn, and hundreds may wait. */
  function next(): Waiting | undefined {
    const { now } = clock();
    let first: { work: Waiting; counts: number } | undefined;
    for (const work of waiting) {
      const one = { work, counts: counted(work, now) };
      if (!first || (one.counts - first.counts || work.bytes - first.work.bytes) < 0) first = one;
    }
    return first?.work;
  }

  function remember(work: Waiting, milliseconds: number, now: number): void {
    const { address } = work;
    const all = counted(work, now) + milliseconds;
    const isNew = !used.delete(address);
    if (isNew) usedByNew = { milliseconds: left(usedByNew, now) + milliseconds, at: now };
    forgetOldest(used, MAX_ADDRESSES);
    used.set(address, { milliseconds: all, at: now });
  }

  async function runAll(): Promise<void> {
    running = true;
    while (waiting.size > 0) {
      await nextTurn();
      dropGone();
      const work = next();
      if (work === undefined) continue;
      waiting.delete(work);
      const begun = clock();
      work.run();
      remember(work, clock().cpu - begun.cpu, begun.now);
    }
    running = false;
  }

  return (work, use) => {
    const { promise, resolve, reject } = Promise.withResolvers<
      ReturnType<typeof use> | undefined
    >();
    const run = () => {
      try {
        resolve(use());
      } catch (error) {
        reject(error);
      }
    };
    waiting.add({ ...work, since: clock().now, run, leave: () => resolve(undefined) });
    if (!running) void runAll();
    return promise;
  };
}
