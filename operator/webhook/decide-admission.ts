/** What happens to a pod that is being created, decided from memory alone. */
import {
  circleFinder,
  circularMessage,
  type FindService,
  ownServices,
} from "../api/circular-dependency.ts";
import { HELD_BACK_REASONS, type HeldBackReason } from "../api/condition-reasons.ts";
import type { EffectivePolicy } from "../api/effective-policy.ts";
import {
  INJECT_LABEL,
  isExcludedNamespace,
  POLICY_ANNOTATION,
  policyConfigMapName,
} from "../api/names.ts";
import { matchingPolicies } from "../api/select-policy.ts";
import type { Standards } from "../api/standards/rule.ts";
import { applyStandards } from "../inject/apply-standards.ts";
import { backToBackProbes } from "../inject/back-to-back-probes.ts";
import { inject } from "../inject/inject.ts";
import { hasSidecar } from "../inject/is-sidecar.ts";
import { hasOurName } from "../inject/other-containers.ts";
import type { Pod } from "../inject/pod.ts";
import type { InjectSettings } from "../inject/settings.ts";
import { SKIP_REASONS } from "../inject/skip.ts";
import type { ReviewRequest } from "./review.ts";

/** What the webhook knows, looked up without waiting. */
export interface Knowledge {
  /** Policies of a namespace; undefined while the cache has not been filled. */
  policies(namespace: string): readonly EffectivePolicy[] | undefined;
  /** Those of the namespace's annotations that decide about its pods; empty when it is not known. */
  namespaceAnnotations(namespace: string): Readonly<Record<string, string>>;
  /** Standards of the ClusterHealthPolicies that reach the namespace, applied or not. */
  standards(namespace: string): readonly (Standards | undefined)[];
  /** Why a new pod must not follow the policy's ConfigMap, by the policy's status; undefined: it may. */
  heldBack(policy: EffectivePolicy): HeldBackReason | undefined;
  /** The Service of this namespace and name. */
  service: FindService;
  /** Whether the namespace carries the label that opts it out. */
  namespaceOptedOut(namespace: string): boolean;
  settings: InjectSettings;
  /** The operator's own namespace, in which nothing is ever injected. */
  ownNamespace: string;
}

/** Every reason why a pod stays as it is: those that lie in the pod itself, and those that do not. */
export const ADMISSION_REASONS = [
  ...SKIP_REASONS,
  "NamespaceExcluded",
  "NamespaceOptedOut",
  "NoMatchingPolicy",
  ...HELD_BACK_REASONS,
  "CircularDependency",
  "PatchTooLarge",
  "CacheNotSynced",
  "InternalError",
] as const;
export type AdmissionReason = (typeof ADMISSION_REASONS)[number];

/** The answer to a review; `pod` is set when it is to be changed. */
export interface Decision {
  /** `raised`: no sidecar, for the reason given, but times of its probes were raised to standards. */
  result: "injected" | "raised" | "skipped" | "error";
  reason: AdmissionReason | "";
  warnings: string[];
  pod?: Pod;
}

/** What keeps new pods from following the policy. */
const WHY_HELD_BACK: Readonly<Record<HeldBackReason, (configMap: string) => string>> = {
  ConfigMapNotOurs: (configMap) => `ConfigMap ${configMap} belongs to somebody else.`,
  ConfigMapRefused: (configMap) => `ConfigMap ${configMap} is refused by the API server.`,
  ImageNotPulled: () => "nodes cannot pull or start its image, and the pod would not start.",
};

/** Labels that have no meaning still show what somebody meant to do. */
function ignoredLabel(labels: Record<string, string>): string[] {
  const value = labels[INJECT_LABEL];
  if (value === undefined || value === "false" || value === "true") return [];
  // Quoted, and no longer than a label may be: a warning travels in an HTTP header.
  const quoted = JSON.stringify(String(value).slice(0, 63));
  return [`label ${INJECT_LABEL}: value ${quoted} ignored; write "false" to opt the pod out`];
}

function ignoredPolicies([bound, ...others]: EffectivePolicy[]): string[] {
  const [second] = others;
  if (!bound || !second) return [];
  const more = others.length > 1 ? ` (and ${others.length - 1} more)` : "";
  return [
    `HealthPolicy ${bound.name} applies to this pod, not the younger ${second.name}${more}, which matches it too`,
  ];
}

/**
 * What becomes of the sidecar in a pod that is skipped. One that others gave another image stands there all the same:
 * told that there is none, nobody would look for the rule that patches init containers by their index.
 */
function leftOf(pod: Pod, image: string): string {
  if (hasSidecar(pod, image)) return "whose sidecar is left as it is";
  const wasInjected = pod.metadata?.annotations?.[POLICY_ANNOTATION] !== undefined;
  return wasInjected && pod.spec?.initContainers?.some(hasOurName)
    ? "whose sidecar has another image by now and is left as it is"
    : "but it gets no sidecar";
}

function injected(
  pod: Pod,
  matching: EffectivePolicy[],
  { heldBack, service, settings }: Pick<Knowledge, "heldBack" | "service" | "settings">,
): Decision {
  const [policy] = matching;
  if (!policy) return { result: "skipped", reason: "NoMatchingPolicy", warnings: [] };
  const warnings = [...ignoredLabel(pod.metadata?.labels ?? {}), ...ignoredPolicies(matching)];
  const skipped = (reason: AdmissionReason, message: string, cleared?: Pod): Decision => {
    const outcome = leftOf(cleared ?? pod, settings.image);
    const why = `HealthPolicy ${policy.name} matches this pod, ${outcome}: ${message}`;
    const change = cleared && { pod: cleared };
    return { result: "skipped", reason, warnings: [...warnings, why], ...change };
  };
  const reason = heldBack(policy);
  if (reason) return skipped(reason, WHY_HELD_BACK[reason](policyConfigMapName(policy.name)));
  const [circle] = circleFinder(ownServices(policy, service))(pod.metadata?.labels ?? {});
  if (circle) return skipped("CircularDependency", circularMessage(circle));
  const injection = inject(pod, policy, settings);
  if ("pod" in injection) return { result: "injected", reason: "", warnings, pod: injection.pod };
  const { skip, cleared } = injection;
  return skipped(skip.reason, skip.message, cleared);
}

/** The decision, and beside it what the standards of the namespace make of the pod's own probes. */
function raised(
  decision: Decision,
  pod: Pod,
  standards: readonly (Standards | undefined)[],
): Decision {
  const before = decision.pod ?? pod;
  const after = applyStandards(before, standards);
  if (after === before) return decision;
  return {
    ...decision,
    result: decision.result === "skipped" ? "raised" : decision.result,
    pod: after,
  };
}

/** Of the probes as they will be; those of a pod without a sidecar are no concern of ours. */
function withProbeWarnings(decision: Decision): Decision {
  if (decision.result !== "injected") return decision;
  const warnings = backToBackProbes(decision.pod ?? {});
  return { ...decision, warnings: [...decision.warnings, ...warnings] };
}

/** What to do with the pod of a review. */
export function decideAdmission({ namespace, pod }: ReviewRequest, knowledge: Knowledge): Decision {
  if (isExcludedNamespace(namespace, knowledge.ownNamespace)) {
    return { result: "skipped", reason: "NamespaceExcluded", warnings: [] };
  }
  if (knowledge.namespaceOptedOut(namespace)) {
    return { result: "skipped", reason: "NamespaceOptedOut", warnings: [] };
  }
  const policies = knowledge.policies(namespace);
  if (!policies) {
    const warning = "healthpolicy: no sidecar was added, because the operator is still starting";
    return { result: "error", reason: "CacheNotSynced", warnings: [warning] };
  }
  const labels = pod.metadata?.labels ?? {};
  const standards = knowledge.standards(namespace);
  const settings = {
    ...knowledge.settings,
    namespaceAnnotations: knowledge.namespaceAnnotations(namespace),
    standards,
  };
  const { heldBack, service } = knowledge;
  const decision = injected(pod, matchingPolicies(policies, labels), {
    heldBack,
    service,
    settings,
  });
  return withProbeWarnings(raised(decision, pod, standards));
}
