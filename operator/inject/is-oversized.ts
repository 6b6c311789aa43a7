/** Whether an object has more fields than anything that Kubernetes knows. */

/**
 * Fields of what is copied: Kubernetes has 41 for the spec of a pod and 25 for a container. What has far more was
 * written to make the webhook work: one probe of 250,000 fields took it two seconds.
 */
export const MAX_FIELDS = 128;

/** Whether `part` has more than MAX_FIELDS; what is missing has none. */
export function isOversized(part: object | null | undefined): boolean {
  return Object.keys(part ?? {}).length > MAX_FIELDS;
}
