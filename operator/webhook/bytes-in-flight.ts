/** One account of the bytes that all requests of a server hold: bodies that arrive or wait, answers not yet taken. */

/** What one request holds. */
export interface Holding {
  /** Counts more bytes; the largest holding of all is given up when the total goes over the limit. */
  add(bytes: number): void;
  /** Stops counting; further calls change nothing. */
  release(): void;
}

/** Opens a holding. `giveUp` is called at most once, when its bytes have to go; they no longer count then. */
export type Hold = (giveUp: () => void) => Holding;

interface Entry {
  bytes: number;
  giveUp: () => void;
}

/**
 * An account with `limit` bytes. Over the limit the largest holding goes, not the newest: a few clients
 * that send or take large messages slowly would otherwise have every small review refused.
 */
export function bytesInFlight(limit: number): Hold {
  const entries = new Set<Entry>();
  let total = 0;

  function remove(entry: Entry): void {
    if (entries.delete(entry)) total -= entry.bytes;
  }

  function giveUpLargest(): void {
    let largest: Entry | undefined;
    for (const entry of entries) {
      if (!largest || entry.bytes > largest.bytes) largest = entry;
    }
    if (!largest) return;
    remove(largest);
    largest.giveUp();
  }

  return (giveUp) => {
    const entry: Entry = { bytes: 0, giveUp };
    entries.add(entry);
    return {
      add: (bytes) => {
        if (!entries.has(entry)) return;
        entry.bytes += bytes;
        total += bytes;
        if (total > limit) giveUpLargest();
      },
      release: () => remove(entry),
    };
  };
}
