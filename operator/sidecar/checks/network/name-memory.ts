/** What is remembered of host names, so that not every check of every pod asks the cluster's DNS. */
import { forgetOldest } from "../../../bounds/forget-oldest.ts";

/** What a lookup found. */
export interface Found {
  addresses: string[];
  /** How long they may be used, in seconds, as the name server says. */
  ttlSeconds: number;
  /**
   * Which name of the search list had them; undefined when the hosts file did, or where a name server failed or was
   * silent for one that was asked before it.
   */
  answeredName?: string | undefined;
}

/** Answers by host name. */
export interface NameMemory {
  /** Addresses that are still good; undefined when a name server has to be asked. */
  addressesOf(host: string): string[] | undefined;
  /** Addresses that would be good had nobody outdated them: better than none where name servers say nothing. */
  outdatedAddressesOf(host: string): string[] | undefined;
  /** The name that answered last time; undefined when all names of the search list have to be tried. */
  answeredNameOf(host: string): string | undefined;
  remember(host: string, found: Found): void;
  /** Forgets all of `host`, if these addresses are what is remembered of it: name servers say that it is gone. */
  forget(host: string, addresses: string[]): void;
  /** Marks the addresses, if they are what is remembered: a name server has to be asked. */
  outdate(host: string, addresses: string[]): void;
  /** Marks them, and has all names of the search list tried. */
  searchAgain(host: string, addresses: string[]): void;
}

/** Longest use of an address in seconds, whatever its TTL. Hosts files have none and get the same. */
export const MAX_TTL_SECONDS = 30;
/**
 * Shortest use of an address in seconds, whatever its TTL: the default interval of checks. The least interval is
 * 500 ms, and whoever answers for a name could otherwise have every check look it up.
 */
const MIN_TTL_SECONDS = 5;
/**
 * After so long all names of the search list are tried again, although the remembered one answers: a
 * Service that was created meanwhile may come before it, as it does for the app.
 */
const SEARCH_AGAIN_MILLISECONDS = 300_000;
/** More than a policy can name: 12 dependencies with 16 servers each. */
const MAX_NAMES = 256;

interface Entry {
  found: Found;
  freshUntil: number;
  isOutdated: boolean;
  searchAgainAt: number;
}

/** An empty memory. `now` is a clock in milliseconds that never jumps. No timer runs. */
export function createNameMemory(now: () => number): NameMemory {
  const entries = new Map<string, Entry>();

  function answeredNameOf(host: string): string | undefined {
    const entry = entries.get(host);
    return entry && now() < entry.searchAgainAt ? entry.found.answeredName : undefined;
  }

  function freshAddressesOf(host: string, isOutdated: boolean): string[] | undefined {
    const entry = entries.get(host);
    const serves = entry?.isOutdated === isOutdated && now() < entry.freshUntil;
    return serves ? entry.found.addresses : undefined;
  }

  return {
    answeredNameOf,
    addressesOf: (host) => freshAddressesOf(host, false),
    outdatedAddressesOf: (host) => freshAddressesOf(host, true),
    remember(host, found) {
      const before = entries.get(host);
      const again = before !== undefined && answeredNameOf(host) === found.answeredName;
      // The host that was looked up longest ago is first.
      entries.delete(host);
      forgetOldest(entries, MAX_NAMES);
      entries.set(host, {
        found,
        freshUntil: now() + secondsOfUse(found) * 1_000,
        isOutdated: false,
        searchAgainAt: again ? before.searchAgainAt : now() + SEARCH_AGAIN_MILLISECONDS,
      });
    },
    forget(host, addresses) {
      if (entries.get(host)?.found.addresses === addresses) entries.delete(host);
    },
    outdate(host, addresses) {
      const entry = entries.get(host);
      if (entry?.found.addresses === addresses) entry.isOutdated = true;
    },
    searchAgain(host, addresses) {
      const entry = entries.get(host);
      if (entry?.found.addresses !== addresses) return;
      entry.isOutdated = true;
      entry.found = { ...entry.found, answeredName: undefined };
    },
  };
}

function secondsOfUse({ ttlSeconds }: Found): number {
  return Math.min(Math.max(ttlSeconds, MIN_TTL_SECONDS), MAX_TTL_SECONDS);
}
