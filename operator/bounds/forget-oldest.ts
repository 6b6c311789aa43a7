/** Bounds what is remembered. Pure. */

/** To be called before something new is put in. Takes out what was put in first until `most` have a place with it. */
export function forgetOldest(remembered: Map<string, unknown> | Set<string>, most: number): void {
  for (const oldest of remembered.keys()) {
    if (remembered.size < most) return;
    remembered.delete(oldest);
  }
}
