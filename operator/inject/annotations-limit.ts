/** How many annotations an object may have. */

/** Limit of the API server for all annotations of an object, keys and values together, in bytes. */
const ANNOTATIONS_LIMIT_BYTES = 256 * 1024;
/**
 * More than anybody has, and so many that to copy and compare them costs little: 40,000 short ones, which are no more
 * bytes than may be, took the webhook 160 ms.
 */
export const MAX_ANNOTATIONS = 512;

/**
 * Whether an object may have both together here. Stops at the limits and copies nothing; a key that stands in both
 * counts twice.
 */
export function hasRoomForAnnotations(
  annotations: Readonly<Record<string, string>>,
  more: Readonly<Record<string, string>> = {},
): boolean {
  let count = 0;
  let bytes = 0;
  for (const part of [annotations, more]) {
    for (const key of Object.keys(part)) {
      count += 1;
      bytes += Buffer.byteLength(key) + Buffer.byteLength(part[key] ?? "");
      if (count > MAX_ANNOTATIONS || bytes > ANNOTATIONS_LIMIT_BYTES) return false;
    }
  }
  return true;
}
