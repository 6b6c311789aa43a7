/** One object in the place of many equal ones, where a cache would hold each of them. */

/**
 * Different objects that are remembered. With more of them, all are forgotten and remembered anew: whoever makes
 * each pod different gets no sharing, and no memory either.
 */
const MAX_REMEMBERED = 1_000;

/** A function that gives, for an object that is equal as JSON to one it was given before, that one. */
export function shareEqual<T extends object>(): (value: Readonly<T>) => Readonly<T> {
  const remembered = new Map<string, Readonly<T>>();
  return (value) => {
    const key = JSON.stringify(value);
    const equal = remembered.get(key);
    if (equal) return equal;
    if (remembered.size >= MAX_REMEMBERED) remembered.clear();
    remembered.set(key, value);
    return value;
  };
}
