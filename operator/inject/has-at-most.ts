/** Whether a part of a pod is as small as what it is taken for. */

/** What is left of `limit` after the values in `value`, itself included; negative as soon as it is over. */
function remaining(value: unknown, limit: number): number {
  let left = limit - 1;
  if (typeof value !== "object" || value === null) return left;
  for (const key in value) {
    if (left < 0) break;
    left = remaining((value as Record<string, unknown>)[key], left);
  }
  return left;
}

/**
 * Whether the JSON `value` is made of at most `limit` values: texts, numbers, lists, objects and what is in
 * them. Stops at the limit.
 */
export function hasAtMost(value: unknown, limit: number): boolean {
  return remaining(value, limit) >= 0;
}
