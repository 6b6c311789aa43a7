/**
 * Pure: readers of single values out of JSON that anybody may have written. Each throws an Error that names the
 * field and quotes no value.
 */

/** Gives the value as `T`, or throws; `path` says in the error where it stands. */
export type Reader<T> = (value: unknown, path: string) => T;

/** An object of which nothing is known yet. */
export type Fields = Record<string, unknown>;

/** A regular expression, or what is asked like one. */
export type Pattern = Pick<RegExp, "test">;

/** The value as an object. */
export function fields(value: unknown, path: string): Fields {
  if (typeof value !== "object" || value === null || Array.isArray(value)) {
    throw new Error(`${path} is not an object`);
  }
  return value as Fields;
}

/** The value as a list of at most `maximum` entries. */
export function list(value: unknown, path: string, maximum: number): unknown[] {
  if (!Array.isArray(value)) throw new Error(`${path} is not a list`);
  if (value.length > maximum) throw new Error(`${path} has more than ${maximum} entries`);
  return value;
}

/** The value as a text that matches. */
export function text(value: unknown, path: string, pattern: Pattern): string {
  if (typeof value !== "string" || !pattern.test(value)) {
    throw new Error(`${path} is not a valid text`);
  }
  return value;
}

/** The value as a whole number that JavaScript holds exactly. */
export function integer(value: unknown, path: string): number {
  if (!Number.isSafeInteger(value)) throw new Error(`${path} is not a whole number`);
  return value as number;
}

/** A whole number from 1 to `maximum`. */
export function whole(value: unknown, path: string, maximum: number): number {
  return numberReader({ minimum: 1, maximum })(value, path);
}

/** Reads a whole number from `minimum` to `maximum`. */
export const numberReader =
  ({ minimum, maximum }: { minimum: number; maximum: number }): Reader<number> =>
  (value, path) => {
    const number = integer(value, path);
    if (number < minimum || number > maximum) {
      throw new Error(`${path} is not a whole number from ${minimum} to ${maximum}`);
    }
    return number;
  };

/** Reads a text that matches. */
export const textReader =
  (pattern: Pattern): Reader<string> =>
  (value, path) =>
    text(value, path, pattern);

/** Reads one of these words. */
export const oneOf =
  <T extends string>(words: readonly T[]): Reader<T> =>
  (value, path) => {
    const word = words.find((known) => known === value);
    if (word === undefined) throw new Error(`${path} is not known`);
    return word;
  };

/** A field that may be left out. */
export const optional =
  <T>(read: Reader<T>): Reader<T | undefined> =>
  (value, path) =>
    value === undefined || value === null ? undefined : read(value, path);

/** Reads a list of at most `maximum` entries, each with `read`. */
export const listOf =
  <T>(read: Reader<T>, maximum: number): Reader<T[]> =>
  (value, path) =>
    list(value, path, maximum).map((entry, index) => read(entry, `${path}[${index}]`));

/** An object with these fields and no other; one that is left out is no field of it. */
export const object =
  <T extends object>(readers: { [F in keyof T]-?: Reader<T[F]> }): Reader<T> =>
  (value, path) => {
    const from = fields(value, path);
    const read = Object.entries<Reader<unknown>>(readers).map(
      ([name, reader]) => [name, reader(from[name], `${path}.${name}`)] as const,
    );
    return Object.fromEntries(read.filter(([, got]) => got !== undefined)) as T;
  };
