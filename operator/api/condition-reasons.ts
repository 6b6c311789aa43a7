/**
 * The closed list of reasons that a condition of a policy of either kind can have: the same in status, tests and
 * documentation. Reasons of dependencies are in reasons.ts.
 */
export const CONDITION_REASONS = [
  /** Accepted: the policy is valid. */
  "Accepted",
  /** Times do not nest after defaults were filled in. */
  "Invalid",
  /** The selector matches pods that the policy itself names as a host. */
  "CircularDependency",
  /** DefaultsNest: the times of a ClusterHealthPolicy nest with those of every policy that takes them. */
  "DefaultsNest",
  /** Programmed: a pod created now gets the sidecar. */
  "Programmed",
  /** Not yet; the message names what is missing. */
  "Reconciling",
  /** Somebody else's ConfigMap has the name that the policy's needs. */
  "ConfigMapNotOurs",
  /** The API server refuses the ConfigMap, and there is none yet: new pods start without the sidecar. */
  "ConfigMapRefused",
  /** The API server refuses the ConfigMap; pods go on with what it said before. */
  "ConfigMapOutdated",
  /** Nodes cannot pull the sidecar's image, or not start it; new pods start without it. */
  "ImageNotPulled",
  /** API servers do not get through to the operator's webhook; new pods start without the sidecar. */
  "WebhookUnreachable",
  /** No pod of this namespace is ever injected. */
  "NamespaceExcluded",
  /** Some of the matching pods belong to an older policy. */
  "PartiallyProgrammed",
  /** All of the matching pods belong to an older policy. */
  "Conflicted",
  /** Every matching pod runs what the policy asks for. */
  "PodsCurrent",
  /** Some matching pods run without the sidecar. */
  "PodsPredatePolicy",
  /** Some pods run what an earlier policy asked for. */
  "PodsOutdated",
  /** No running pod matches. */
  "NoPods",
  /** In force. */
  "Ready",
  /** In force, but no pod is made unready by it. */
  "DryRun",
  /** In force, and pods stay ready in a fault that most of them share. */
  "SharedFault",
  /** Not stalled: nothing stands in the way. */
  "Progressing",
] as const;

/** One of CONDITION_REASONS. */
export type ConditionReason = (typeof CONDITION_REASONS)[number];

/**
 * Those of Programmed under which no replica injects a pod: what it would follow is missing or not ours, or it could
 * not start.
 */
export const HELD_BACK_REASONS = [
  "ConfigMapNotOurs",
  "ConfigMapRefused",
  "ImageNotPulled",
] as const satisfies readonly ConditionReason[];

/** One of HELD_BACK_REASONS. */
export type HeldBackReason = (typeof HELD_BACK_REASONS)[number];
