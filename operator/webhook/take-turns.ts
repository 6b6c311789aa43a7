/** Who may use the event loop next. */
import { setImmediate as nextTurn } from "node:timers/promises";

/** A piece of work: how large it is, and the address of the client who wants it done. */
export interface Work {
  bytes: number;
  address: string;
}

/** Does the work when it is its turn; resolves with what it gives, and rejects with what it throws. */
export type Turns = <T>(work: Work, use: () => T) => Promise<T>;

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

interface Waiting extends Work {
  run: () => void;
}

interface Used {
  milliseconds: number;
  at: number;
}

const clockOfThread: Clock = () => {
  const { user, system } = process.threadCpuUsage();
  return { now: performance.now(), cpu: (user + system) / 1_000 };
};

/**
 * One piece of work in each turn of the event loop. Between two of them the loop answers whatever has arrived
 * meanwhile. The address goes first whose work has taken the least CPU lately: by number of turns, three addresses with
 * pods of 120 ms kept the reviews of an API server waiting for 9 s. Of its work the smallest goes first, so that a heap
 * of large reviews behind one address delays a small one as little.
 */
export function takeTurns(clock = clockOfThread): Turns {
  const waiting: Waiting[] = [];
  /** By address; who had the last turn is last. */
  const used = new Map<string, Used>();
  let running = false;

  function lately(address: string, now: number): number {
    const { milliseconds, at } = used.get(address) ?? {
      milliseconds: NEWCOMER_MILLISECONDS,
      at: now,
    };
    return milliseconds * 0.5 ** ((now - at) / HALF_LIFE_MILLISECONDS);
  }

  /** Looks at each once: whoever waits is no longer in order after a turn, and hundreds may wait. */
  function next(): Waiting | undefined {
    const { now } = clock();
    let first: { index: number; used: number; bytes: number } | undefined;
    for (const [index, { address, bytes }] of waiting.entries()) {
      const one = { index, used: lately(address, now), bytes };
      if (!first || (one.used - first.used || one.bytes - first.bytes) < 0) first = one;
    }
    return first && waiting.splice(first.index, 1)[0];
  }

  function remember(address: string, milliseconds: number, now: number): void {
    const before = lately(address, now);
    used.delete(address);
    used.set(address, { milliseconds: before + milliseconds, at: now });
    const [oldest = ""] = used.keys();
    if (used.size > MAX_ADDRESSES) used.delete(oldest);
  }

  async function runAll(): Promise<void> {
    running = true;
    while (waiting.length > 0) {
      await nextTurn();
      const work = next();
      if (work === undefined) continue;
      const begun = clock();
      work.run();
      remember(work.address, clock().cpu - begun.cpu, begun.now);
    }
    running = false;
  }

  return (work, use) => {
    const { promise, resolve, reject } = Promise.withResolvers<ReturnType<typeof use>>();
    const run = () => {
      try {
        resolve(use());
      } catch (error) {
        reject(error);
      }
    };
    waiting.push({ ...work, run });
    if (!running) void runAll();
    return promise;
  };
}
