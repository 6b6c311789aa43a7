/** What a rule says of a pod that is not injected. */
import type { Pod } from "./pod.ts";
import type { InjectSettings } from "./settings.ts";

/** Every reason, the same in metric, warning, status and test. */
export const SKIP_REASONS = [
  "TooManyFields",
  "TooManyParts",
  "OptedOut",
  "LabelsTooLarge",
  "MirrorPod",
  "HostNetwork",
  "Windows",
  "VirtualNode",
  "Confidential",
  "RuntimeClass",
  "RestartPolicy",
  "ReservedContainerName",
  "ReservedVolumeName",
  "NoFreePort",
  "AnnotationsTooLarge",
] as const;
/** One of SKIP_REASONS. */
export type SkipReason = (typeof SKIP_REASONS)[number];

/** A reason and one sentence for people. */
export interface Skip {
  reason: SkipReason;
  /** Quotes no text of the pod but names of ours: a webhook sees texts of megabytes, which nobody has validated. */
  message: string;
}

/** The sidecar's image, by which our container is told from another of its name. */
export type Image = Pick<InjectSettings, "image">;
/** What objects to a pod, or undefined. */
export type Rule = (pod: Pod, settings: Image) => Skip | undefined;
