/** What the reasons of each condition mean, for the reference pages. */
import type { ConditionReason } from "./condition-reasons.ts";
import type { ClusterConditionType } from "./v1alpha1-cluster-status.ts";
import type { ConditionType } from "./v1alpha1-status.ts";

/** Reason -> its meaning, beginning with what the condition's status is then. */
export type ReasonTexts = Partial<Record<ConditionReason, string>>;

/** What the status says of a condition word for word, and the reference of its reason. */
export const CONDITION_SENTENCES = {
  accepted: "The policy is valid.",
  programmed: "A pod created now gets the sidecar.",
  podsCurrent: "Every matching pod runs the sidecar as the policy asks for.",
  noPods: "No running pod matches the selector.",
  allOptedOut:
    "All running pods that the selector matches are opted out, never injected or behind a host of the policy.",
  invalidHasNoPods: "An invalid policy has no pods.",
  defaultsNest: "The times nest with those of every HealthPolicy that takes them.",
  noPodsInForce: "In force; no running pod matches the selector.",
  sharedFault: "More pods than fleet.maxUnready lets go have the same fault, and stay ready",
} as const;

const SAID = CONDITION_SENTENCES;
const INVALID = "The times do not nest once defaults are filled in.";
const CIRCULAR = "The selector matches pods behind a Service that the policy names as a host.";
const EXCLUDED = "No pod of this namespace is ever injected.";
const CONFLICTED = "An older HealthPolicy has all of the pods that the selector matches.";

/** Why the condition Programmed is not True. */
const NOT_PROGRAMMED: ReasonTexts = {
  Invalid: `False. ${INVALID} What was in force before stays.`,
  Reconciling: "False. Not yet; the message names what is missing.",
  WebhookUnreachable:
    "False. API servers do not reach the operator's webhook; new pods start without the sidecar.",
  ImageNotPulled:
    "False. Nodes cannot pull or start the sidecar's image, and pods have waited for it; new pods start without the sidecar.",
  NamespaceExcluded: `False. ${EXCLUDED}`,
  ConfigMapNotOurs:
    "False. Somebody else's ConfigMap has the name that the policy's needs; new pods start without the sidecar.",
  ConfigMapRefused:
    "False. The API server does not store the policy's ConfigMap; new pods start without the sidecar.",
  ConfigMapOutdated:
    "False. The API server does not store an edit of the ConfigMap; pods go on with what it said before.",
  PartiallyProgrammed:
    "False. An older HealthPolicy has some of the pods that the selector matches.",
  Conflicted: `False. ${CONFLICTED}`,
};

/** Why the condition Accepted of a HealthPolicy is not True. */
const NOT_ACCEPTED: ReasonTexts = {
  Invalid: `False. ${INVALID} The message names both times and the objects that set them.`,
  CircularDependency: `False. ${CIRCULAR} Those pods get no sidecar, or the one that they have does not wait for it.`,
};

/** Of a HealthPolicy. */
export const CONDITION_TEXTS: Record<ConditionType, ReasonTexts> = {
  Accepted: { Accepted: `True. ${SAID.accepted}`, ...NOT_ACCEPTED },
  Programmed: { Programmed: `True. ${SAID.programmed}`, ...NOT_PROGRAMMED },
  PodsCurrent: {
    PodsCurrent: `True. ${SAID.podsCurrent}`,
    NoPods: `True. ${SAID.noPods} Or: ${SAID.allOptedOut}`,
    PodsPredatePolicy: "False. Some matching pods run without the sidecar: restart them.",
    PodsOutdated:
      "False. Some pods run what an earlier policy asked for, or were opted out while they ran: restart them.",
    Invalid: `Unknown. ${SAID.invalidHasNoPods}`,
  },
  Ready: {
    Ready: "True. Accepted and programmed, so that it is in force. It waits for no pod.",
    NoPods: `True. ${SAID.noPodsInForce}`,
    DryRun: "True. In force as a dry run, which makes no pod unready.",
    SharedFault:
      "True. In force; a dependency is down for more pods than `fleet.maxUnready` lets go, and pods stay ready.",
    ...NOT_PROGRAMMED,
    PartiallyProgrammed:
      "True. In force, but not for pods of an older HealthPolicy, which the message counts.",
    ...NOT_ACCEPTED,
  },
  Stalled: {
    Progressing: "False. Nothing stands in the way, or it will pass by itself.",
    Invalid: `True. ${INVALID}`,
    CircularDependency: `True. ${CIRCULAR}`,
    Conflicted: `True. ${CONFLICTED}`,
    NamespaceExcluded: `True. ${EXCLUDED}`,
  },
};

/** Of a ClusterHealthPolicy. */
export const CLUSTER_CONDITION_TEXTS: Record<ClusterConditionType, ReasonTexts> = {
  Accepted: { Accepted: `True. ${SAID.accepted}` },
  DefaultsNest: {
    DefaultsNest: `True. ${SAID.defaultsNest}`,
    Invalid: "False. They do not nest with those of the HealthPolicies that the message names.",
  },
};
