/** One object in the place of many equal ones, where a cache would hold each of them. */

/**
 * Different objects that are remembered, and characters of their JSON together. With more of them, all are forgotten
 * and remembered anew: whoever makes each pod different gets no sharing, and no memory either.
 */
const MAX_REMEMBERED = 1_000;
const MAX_REMEMBERED_CHARACTERS = 1_024 * 1_024;
/** Characters of the longest object that is remembered, as JSON; nothing that is kept of a usual pod is longer. */
const MAX_CHARACTERS = 8_192;

/** A function that gives, for an object that is equal as JSON to one it was given before, that one. */
export function shareEqual<T extends object>(): (value: Readonly<T>) => Readonly<T> {
  const remembered = new Map<string, Readonly<T>>();
  let characters = 0;

  function remember(key: string, value: Readonly<T>): void {
    const isFull = remembered.size >= MAX_REMEMBERED;
    if (isFull || characters + key.length > MAX_REMEMBERED_CHARACTERS) {
      remembered.clear();
      characters = 0;
    }
    remembered.set(key, value);
    characters += key.length;
  }

  return (value) => {
    const key = JSON.stringify(value);
    if (key.length > MAX_CHARACTERS) return value;
    const equal = remembered.get(key);
    if (equal) return equal;
    remember(key, value);
    return value;
  };
}
