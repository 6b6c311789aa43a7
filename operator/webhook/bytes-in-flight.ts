/** One account of the bytes that all requests of a server hold: bodies that arrive or wait, answers not yet taken. */

/** What one request holds. */
export interface Holding {
  /** Counts more bytes; others, or this one, are given up when the total goes over the limit. */
  add(bytes: number): void;
  /** Stops counting; further calls change nothing. */
  release(): void;
}

/**
 * Opens a holding for a client at `address`. `giveUp` is called at most once, when its bytes have to go; they no longer
 * count then.
 */
export type Hold = (address: string, giveUp: () => void) => Holding;

interface Entry {
  address: string;
  bytes: number;
  /** When it was opened, in milliseconds of performance.now(). */
  since: number;
  giveUp: () => void;
}

/**
 * A holding counts so many milliseconds more than it has lasted, as many as an honest one takes: what has just come,
 * and all at once, would cost nothing, however large it is.
 */
const LEAST_MILLISECONDS = 10;

/** Bytes times milliseconds. */
function costOf({ bytes, since }: Entry, now: number): number {
  return bytes * (now - since + LEAST_MILLISECONDS);
}

function most<T>(all: Iterable<T>, measure: (one: T) => number): T | undefined {
  let found: { one: T; size: number } | undefined;
  for (const one of all) {
    const size = measure(one);
    if (size > (found?.size ?? 0)) found = { one, size };
  }
  return found?.one;
}

/**
 * An account with `limit` bytes. Over the limit the address whose holdings have cost most loses the costliest of
 * them. Not the newest or the largest: a few clients that send or take large messages slowly would have every small
 * review refused, and many with small bodies, that never end or are announced anew again and again, every larger one.
 * An honest body is there and answered within a fraction of a second, and so costs little.
 */
export function bytesInFlight(limit: number): Hold {
  const entries = new Set<Entry>();
  let total = 0;

  function remove(entry: Entry): void {
    if (entries.delete(entry)) total -= entry.bytes;
  }

  function firstToGo(): Entry | undefined {
    const now = performance.now();
    const cost = (entry: Entry) => costOf(entry, now);
    const byAddress = Map.groupBy(entries, ({ address }) => address).values();
    const costliest = most(byAddress, (held) => held.reduce((sum, one) => sum + cost(one), 0));
    return most(costliest ?? [], cost);
  }

  function makeRoom(): void {
    while (total > limit) {
      const leaving = firstToGo();
      if (!leaving) return;
      remove(leaving);
      leaving.giveUp();
    }
  }

  return (address, giveUp) => {
    const entry: Entry = { address, bytes: 0, since: performance.now(), giveUp };
    entries.add(entry);
    return {
      add: (bytes) => {
        if (!entries.has(entry)) return;
        entry.bytes += bytes;
        total += bytes;
        makeRoom();
      },
      release: () => remove(entry),
    };
  };
}
