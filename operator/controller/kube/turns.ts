/** Whose turn it is: groups take turns, however many of one wait. */

/** Values that wait, by group and key. */
export interface Turns<V> {
  get(group: string, key: string): V | undefined;
  /** Puts the value last in its group, or in the place of the one with its key. */
  set(group: string, key: string, value: V): void;
  /** Takes out the first value of the group whose turn it is, and sends the group behind all others. */
  take(): V | undefined;
  size(): number;
}

/** Nothing waits yet. */
export function createTurns<V>(): Turns<V> {
  // Both in the order of their turns.
  const groups = new Map<string, Map<string, V>>();
  let size = 0;

  return {
    get: (group, key) => groups.get(group)?.get(key),
    set: (group, key, value) => {
      const values = groups.get(group) ?? new Map<string, V>();
      if (!values.has(key)) size += 1;
      groups.set(group, values.set(key, value));
    },
    take: () => {
      for (const [group, values] of groups) {
        groups.delete(group);
        if (values.size > 1) groups.set(group, values);
        for (const [key, value] of values) {
          values.delete(key);
          size -= 1;
          return value;
        }
      }
      return undefined;
    },
    size: () => size,
  };
}
