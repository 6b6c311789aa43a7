/** The resources that decide a pod's quality of service. */
export const RESOURCE_NAMES = ["cpu", "memory"] as const;
/** One of them. */
export type ResourceName = (typeof RESOURCE_NAMES)[number];
