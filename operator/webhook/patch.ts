/** JSON Patch (RFC 6902) from two versions of an object. Made by comparing, never written by hand. */
import { type Fields, isObject } from "./fields.ts";

/** The operations that a comparison gives. */
export type Operation =
  | { op: "add" | "replace"; path: string; value: unknown }
  | { op: "remove"; path: string };

/** Equal as JSON. Parts that both versions share are recognised at once, however deep they are. */
function same(before: unknown, after: unknown): boolean {
  if (Object.is(before, after)) return true;
  if (Array.isArray(before) && Array.isArray(after)) {
    return before.length === after.length && before.every((item, i) => same(item, after[i]));
  }
  if (!isObject(before) || !isObject(after)) return false;
  const keys = Object.keys(before);
  return (
    keys.length === Object.keys(after).length &&
    keys.every((key) => Object.hasOwn(after, key) && same(before[key], after[key]))
  );
}

function pathTo(parent: string, key: string | number): string {
  return `${parent}/${String(key).replaceAll("~", "~0").replaceAll("/", "~1")}`;
}

function* diffObjects(before: Fields, after: Fields, path: string): Iterable<Operation> {
  for (const key of Object.keys(before)) {
    if (!Object.hasOwn(after, key)) yield { op: "remove", path: pathTo(path, key) };
  }
  for (const key of Object.keys(after)) {
    if (Object.hasOwn(before, key)) yield* diff(before[key], after[key], pathTo(path, key));
    else yield { op: "add", path: pathTo(path, key), value: after[key] };
  }
}

/** How many items both lists share at their beginning. */
function sharedStart(before: readonly unknown[], after: readonly unknown[]): number {
  const changed = before.findIndex((item, i) => !same(item, after[i]));
  return changed === -1 ? before.length : changed;
}

/**
 * Items put into a list become `add`, wherever they stand, and a list of equal length is compared item
 * by item. Any other change replaces the list.
 */
function* diffLists(before: unknown[], after: unknown[], path: string): Iterable<Operation> {
  if (before.length === after.length) {
    for (const [i, item] of after.entries()) yield* diff(before[i], item, pathTo(path, i));
    return;
  }
  const start = sharedStart(before, after);
  const end = after.length - (before.length - start);
  const insertedOnly = end > start && same(before.slice(start), after.slice(end));
  if (!insertedOnly) {
    yield { op: "replace", path, value: after };
    return;
  }
  for (let i = start; i < end; i++) yield { op: "add", path: pathTo(path, i), value: after[i] };
}

/**
 * The operations that turn `before` into `after`; none when they are equal. `path` is where both are. Each
 * is made when it is asked for, so that who takes only so many stops the work as well.
 */
export function* diff(before: unknown, after: unknown, path = ""): Iterable<Operation> {
  if (same(before, after)) return;
  if (Array.isArray(before) && Array.isArray(after)) yield* diffLists(before, after, path);
  else if (isObject(before) && isObject(after)) yield* diffObjects(before, after, path);
  else yield { op: "replace", path, value: after };
}
