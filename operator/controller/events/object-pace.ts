/** How often Events may be written about one object, so that one that flaps does not use up the turns of others. */

/** About one object at once: it turns down and up twice, and something else happens to it. */
export const OBJECT_BURST = 5;
/** And then one so often. */
export const OBJECT_MILLISECONDS = 60_000;
/** Objects that are remembered, those alone that have had Events within the last minutes. */
const MOST_OBJECTS = 5_000;

/** Turns of objects, by their uid. */
export interface ObjectPace {
  /** Whether an Event may be written about the object now; it then counts. `now` in milliseconds. */
  take(uid: string, now: number): boolean;
}

/** No object has had an Event yet. */
export function createObjectPace(): ObjectPace {
  /** When all turns of the object will be free again. */
  const freeAt = new Map<string, number>();

  function forgetQuiet(now: number): void {
    for (const [uid, at] of freeAt) if (at <= now) freeAt.delete(uid);
  }

  return {
    take: (uid, now) => {
      const at = Math.max(freeAt.get(uid) ?? 0, now) + OBJECT_MILLISECONDS;
      if (at - now > OBJECT_BURST * OBJECT_MILLISECONDS) return false;
      if (freeAt.size >= MOST_OBJECTS && !freeAt.has(uid)) forgetQuiet(now);
      if (freeAt.size >= MOST_OBJECTS && !freeAt.has(uid)) return false;
      freeAt.set(uid, at);
      return true;
    },
  };
}
