/** A patch that is no larger than one that injection can need, told before its text is made. */
import { isObject } from "./fields.ts";
import { diff, type Operation } from "./patch.ts";

/**
 * Bytes of a patch as JSON. Ours has about 5 KB: a container, three volumes and two annotations, with a line
 * for each Secret key. Only a container of our name that was written by hand needs more.
 */
export const PATCH_LIMIT_BYTES = 1024 * 1024;

function textBytes(text: string, limit: number): number {
  return text.length > limit ? text.length : Buffer.byteLength(JSON.stringify(text));
}

/** Bytes of `value` as JSON; of a value over `limit` only some number over it. */
function jsonBytes(value: unknown, limit: number): number {
  if (typeof value === "string") return textBytes(value, limit);
  if (typeof value !== "object" || value === null) return String(value).length;
  let bytes = 2;
  for (const key in value) {
    if (bytes > limit) break;
    // The comma, and in an object the key and its colon.
    bytes += 1 + (isObject(value) ? 1 + textBytes(key, limit) : 0);
    bytes += jsonBytes((value as Record<string, unknown>)[key], limit - bytes);
  }
  return bytes;
}

/**
 * The operations that turn `before` into `after`, or undefined when they would be larger than
 * PATCH_LIMIT_BYTES. Parts that stand in `after` many times over are counted each time, as in the text:
 * that, and not the object, is what fills the memory.
 */
export function boundedPatch(before: unknown, after: unknown): Operation[] | undefined {
  const operations: Operation[] = [];
  let left = PATCH_LIMIT_BYTES;
  for (const operation of diff(before, after)) {
    left -= jsonBytes(operation, left) + 1;
    if (left < 0) return undefined;
    operations.push(operation);
  }
  return operations;
}
