/** When a pod was created. Pure. */

/** In seconds since 1970; 0 where it does not say. */
export function createdSeconds({ creationTimestamp = "" }: { creationTimestamp?: string }): number {
  return Math.floor((Date.parse(creationTimestamp) || 0) / 1_000);
}
