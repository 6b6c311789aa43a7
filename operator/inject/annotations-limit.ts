/** How many annotations an object may have. */

/** Limit of the API server for all annotations of an object, keys and values together, in bytes. */
const ANNOTATIONS_LIMIT_BYTES = 256 * 1024;

/**
 * Whether an object may have both together. Stops at the limit and copies nothing; a key that stands in both
 * counts twice.
 */
export function hasRoomForAnnotations(
  annotations: Readonly<Record<string, string>>,
  more: Readonly<Record<string, string>> = {},
): boolean {
  let bytes = 0;
  for (const part of [annotations, more]) {
    for (const key of Object.keys(part)) {
      bytes += Buffer.byteLength(key) + Buffer.byteLength(part[key] ?? "");
      if (bytes > ANNOTATIONS_LIMIT_BYTES) return false;
    }
  }
  return true;
}
