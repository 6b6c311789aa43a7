/** The addresses that a server has served for longest: API servers and kubelets come before a crowd does. */

/** The most that are known: a cluster has seven API servers at most, and a pod one kubelet and some of Prometheus. */
export const MAX_KNOWN = 8;
/**
 * For so long a known address may ask nothing and keeps its place, in milliseconds: an API server asks only where a pod
 * is created, or where the leader proves its webhook by it.
 */
const SILENT_MILLISECONDS = 60 * 60_000;

/** Addresses by the time at which they were served. */
export interface KnownAddresses {
  /** Whether it is one of those that were served first. */
  has(address: string): boolean;
  /** It has been served now. It gets to be known where a place is free, or one has been silent for an hour. */
  served(address: string): void;
}

/** Starts with none. */
export function knownAddresses(): KnownAddresses {
  /** When each was served last, the one that has been silent for longest first. */
  const known = new Map<string, number>();

  function hasPlace(now: number): boolean {
    const [[silent, at] = ["", now]] = known;
    if (now - at > SILENT_MILLISECONDS) known.delete(silent);
    return known.size < MAX_KNOWN;
  }

  return {
    has: (address) => known.has(address),
    served: (address) => {
      const now = performance.now();
      if (!known.delete(address) && !hasPlace(now)) return;
      known.set(address, now);
    },
  };
}
