/** Bounds what is remembered. Pure. */

/** Takes out what was put in first until there is a place for one more of `most`. */
export function forgetOldest(remembered: Map<string, unknown> | Set<string>, most: number): void {
  for (const oldest of remembered.keys()) {
    if (remembered.size < most) return;
    remembered.delete(oldest);
  }
}
