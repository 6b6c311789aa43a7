/** Whose turn it is: groups take turns, however many of one wait. */

/** Values that wait, by group and key. */
export interface Turns<V> {
  get(group: string, key: string): V | undefined;
  /** Puts the value last in its group, or in the place of the one with its key. */
  set(group: string, key: string, value: V): void;
  /** Takes out the value with this key, if there is one. */
  remove(group: string, key: string): void;
  /** Takes out the first value that is due, of the group whose turn it is, and sends the group behind all others. */
  take(isDue?: (value: V) => boolean): V | undefined;
  /** Takes out the last value of the group. */
  takeLast(group: string): V | undefined;
  size(): number;
  sizeOf(group: string): number;
  /** The group that has most; undefined where nothing waits. */
  longest(): string | undefined;
}

/** The first entry that is meant. */
function firstOf<V>(
  values: ReadonlyMap<string, V>,
  isMeant: (value: V) => boolean,
): [string, V] | undefined {
  for (const entry of values) if (isMeant(entry[1])) return entry;
  return undefined;
}

/** Goes through all of them, as a Map has no other way, but copies none. */
function lastOf<V>(values: ReadonlyMap<string, V>): [string, V] | undefined {
  let last: [string, V] | undefined;
  for (const entry of values) last = entry;
  return last;
}

/** Nothing waits yet. */
export function createTurns<V>(): Turns<V> {
  // Both in the order of their turns.
  const groups = new Map<string, Map<string, V>>();
  let size = 0;
  const sizeOf = (group = "") => groups.get(group)?.size ?? 0;

  function takeOut(values: Map<string, V>, [key, value]: [string, V]): V {
    values.delete(key);
    size -= 1;
    return value;
  }

  return {
    get: (group, key) => groups.get(group)?.get(key),
    set: (group, key, value) => {
      const values = groups.get(group) ?? new Map<string, V>();
      if (!values.has(key)) size += 1;
      groups.set(group, values.set(key, value));
    },
    remove: (group, key) => {
      const values = groups.get(group);
      if (values?.delete(key)) size -= 1;
      if (values?.size === 0) groups.delete(group);
    },
    take: (isDue = () => true) => {
      for (const [group, values] of groups) {
        const due = firstOf(values, isDue);
        if (!due) continue;
        groups.delete(group);
        if (values.size > 1) groups.set(group, values);
        return takeOut(values, due);
      }
      return undefined;
    },
    takeLast: (group) => {
      const values = groups.get(group) ?? new Map<string, V>();
      if (values.size <= 1) groups.delete(group);
      const last = lastOf(values);
      return last && takeOut(values, last);
    },
    size: () => size,
    sizeOf,
    longest: () => {
      let [found] = groups.keys();
      for (const group of groups.keys()) if (sizeOf(group) > sizeOf(found)) found = group;
      return found;
    },
  };
}
