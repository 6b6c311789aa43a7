/** How often something may happen to each of many things, so that one of them does not use up the turns of others. */

/** What a pace needs. */
export interface PaceOptions {
  /** Turns at once after a quiet time. */
  burst: number;
  /** And then one in so many milliseconds. */
  milliseconds: number;
  /** Things that are remembered, those alone that have had a turn lately. With more of them, new ones have none. */
  most: number;
}

/** Turns of things, by their keys. */
export interface Pace {
  /** Whether it is the thing's turn now; it is then used up. `now` in milliseconds. */
  take(key: string, now: number): boolean;
}

/** Nothing has had a turn yet. */
export function createPace({ burst, milliseconds, most }: PaceOptions): Pace {
  /** When all turns of the thing will be free again. */
  const freeAt = new Map<string, number>();

  function forgetQuiet(now: number): void {
    for (const [key, at] of freeAt) if (at <= now) freeAt.delete(key);
  }

  function hasRoom(key: string, now: number): boolean {
    if (freeAt.has(key) || freeAt.size < most) return true;
    forgetQuiet(now);
    return freeAt.size < most;
  }

  return {
    take: (key, now) => {
      const at = Math.max(freeAt.get(key) ?? 0, now) + milliseconds;
      if (at - now > burst * milliseconds || !hasRoom(key, now)) return false;
      freeAt.set(key, at);
      return true;
    },
  };
}
