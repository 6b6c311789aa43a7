/** What is remembered of host names, so that not every check of every pod asks the cluster's DNS. */

/** What a lookup found. */
export interface Found {
  addresses: string[];
  /** How long they may be used, in seconds, as the name server says. */
  ttlSeconds: number;
  /** Which name of the search list had them; undefined when the hosts file did. */
  answeredName?: string | undefined;
  /** The name server gave more addresses than are used, which makes its answer costly to take. */
  cut: boolean;
}

/** Answers by host name. */
export interface NameMemory {
  /** Addresses that are still good; undefined when a name server has to be asked. */
  addressesOf(host: string): string[] | undefined;
  /** The name that answered last time; undefined when all names of the search list have to be tried. */
  answeredNameOf(host: string): string | undefined;
  remember(host: string, found: Found): void;
  /**
   * Forgets the addresses of `host` and the name that answered, if these addresses are what is remembered of
   * it. Those of an answer that was cut stay a while: see MIN_TTL_SECONDS.
   */
  forget(host: string, addresses: string[]): void;
}

/** Longest use of an address in seconds, whatever its TTL. Hosts files have none and get the same. */
export const MAX_TTL_SECONDS = 30;
/**
 * Shortest use of an address in seconds, whatever its TTL: the default interval of checks. The least interval is
 * 500 ms, and c-ares and Node need about 20 ms of CPU for the largest answers before anything can be left out.
 * 16 such names, asked in every check, would take all that a sidecar has. So an answer that was cut is used for
 * MAX_TTL_SECONDS. Where no connection comes of it, it is asked for anew after MIN_TTL_SECONDS, and after twice
 * as long each time that the new answer is no better.
 */
export const MIN_TTL_SECONDS = 5;
/**
 * After so long all names of the search list are tried again, although the remembered one answers: a
 * Service that was created meanwhile may come before it, as it does for the app.
 */
const SEARCH_AGAIN_MILLISECONDS = 300_000;
/** More than a policy can name: 12 dependencies with 16 servers each. */
const MAX_NAMES = 256;

interface Entry {
  found: Found;
  lookedUpAt: number;
  /** If it was cut, it is not forgotten before it is so old. */
  heldSeconds: number;
  /** No connection came of it. */
  failed: boolean;
  freshUntil: number;
  searchAgainAt: number;
}

/** An empty memory. `now` is a clock in milliseconds that never jumps. No timer runs. */
export function createNameMemory(now: () => number): NameMemory {
  const entries = new Map<string, Entry>();

  function answeredNameOf(host: string): string | undefined {
    const entry = entries.get(host);
    return entry && now() < entry.searchAgainAt ? entry.found.answeredName : undefined;
  }

  /** A name that gives more addresses than are used time and again, and none that connects, is asked less often. */
  function heldSecondsOf(host: string): number {
    const before = entries.get(host);
    if (!before?.failed) return MIN_TTL_SECONDS;
    return Math.min(2 * before.heldSeconds, MAX_TTL_SECONDS);
  }

  /** Instead of forgetting it: the entry stays to say how long the next one is held. */
  function hold(entry: Entry): void {
    entry.failed = true;
    if (now() < entry.lookedUpAt + entry.heldSeconds * 1_000) return;
    entry.freshUntil = 0;
    entry.searchAgainAt = 0;
  }

  return {
    answeredNameOf,
    addressesOf(host) {
      const entry = entries.get(host);
      return entry && now() < entry.freshUntil ? entry.found.addresses : undefined;
    },
    remember(host, found) {
      const before = entries.get(host);
      const again = before !== undefined && answeredNameOf(host) === found.answeredName;
      const heldSeconds = heldSecondsOf(host);
      // The host that was looked up longest ago is first.
      entries.delete(host);
      entries.set(host, {
        found,
        lookedUpAt: now(),
        freshUntil: now() + secondsOfUse(found) * 1_000,
        searchAgainAt: again ? before.searchAgainAt : now() + SEARCH_AGAIN_MILLISECONDS,
        heldSeconds,
        failed: false,
      });
      const [oldest = ""] = entries.keys();
      if (entries.size > MAX_NAMES) entries.delete(oldest);
    },
    forget(host, addresses) {
      const entry = entries.get(host);
      if (entry?.found.addresses !== addresses) return;
      if (!entry.found.cut) entries.delete(host);
      else hold(entry);
    },
  };
}

function secondsOfUse({ cut, ttlSeconds }: Found): number {
  if (cut) return MAX_TTL_SECONDS;
  return Math.min(Math.max(ttlSeconds, MIN_TTL_SECONDS), MAX_TTL_SECONDS);
}
