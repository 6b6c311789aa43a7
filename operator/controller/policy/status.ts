/** The status of a policy, decided from what is known about it. Pure. */
import type { ConditionReason } from "../../api/condition-reasons.ts";
import { CONDITION_SENTENCES as SAID } from "../../api/condition-texts.ts";
import {
  type EffectivePolicy,
  type InvalidPolicy,
  policyInForce,
  type Resolution,
} from "../../api/effective-policy.ts";
import type { Source } from "../../api/merge-defaults.ts";
import { bounds, formatDuration, type TimeField } from "../../api/timing.ts";
import type { Condition } from "../../api/v1alpha1-conditions.ts";
import { formatMaxUnready } from "../../api/v1alpha1-fleet.ts";
import type { RolloutStatus } from "../../api/v1alpha1-rollout-status.ts";
import type { ConditionType, HealthPolicyStatus } from "../../api/v1alpha1-status.ts";
import { type ConditionState, datedConditions, no, unknown, yes } from "../conditions.ts";
import type { PodCounts } from "./pod-counts.ts";
import { podsNotCurrent } from "./pods-not-current.ts";
import { isWorthTelling } from "./probes-changed.ts";
import { sharedFaults } from "./read-status.ts";
import { reportedStatus } from "./reported-status.ts";
import { type NewPods, restartAdvice, type ToRestart } from "./restart-advice.ts";
import { statusReason } from "./status-reason.ts";

/** Whether a pod created now would be injected. */
export type Programmed =
  | { state: "yes" }
  /** Not yet; the message names what is missing. */
  | { state: "waiting"; message: string }
  /** Nobody can say, because the webhook cannot be tried; the message says why. */
  | { state: "unproven"; message: string }
  /** API servers do not get through to the webhook; the message says what to look at. */
  | { state: "unreachable"; message: string }
  /** Pods could not start with the sidecar; the message says why and what to do. */
  | { state: "imageNotPulled"; message: string }
  /** No pod of this namespace is ever injected. */
  | { state: "excluded"; message: string }
  /** Something of ours cannot be written; the message says what to do. */
  | { state: "blocked"; message: string }
  /** The API server refuses the ConfigMap; `stands`: pods have one from before. The message quotes its answer. */
  | { state: "refused"; stands: boolean; message: string };

/** Everything that the status is made from. */
export interface StatusFacts {
  namespace: string;
  generation: number;
  resolution: Resolution;
  counts: PodCounts;
  programmed: Programmed;
  /** What is said before that: nothing has shown that nodes can pull and start the sidecar's image. */
  whyUnproven?: string | undefined;
  /** Whether pods that are made now get the sidecar, of which `programmed` may say less. */
  newPods: NewPods;
  /** How far a rollout is; undefined: there is nothing to say of one. */
  rollout?: RolloutStatus | undefined;
  /** The status as it stands, for the times of its conditions. */
  previous: HealthPolicyStatus | undefined;
  now: Date;
}

function accepted({ resolution, counts: { circle } }: StatusFacts): ConditionState {
  if ("invalid" in resolution) return no("Invalid", resolution.invalid);
  if (circle) {
    const { dependency, service } = circle;
    const what = `The selector matches pods behind Service ${service.name}, the host of dependency ${dependency}.`;
    return no(
      "CircularDependency",
      `${what} So that none waits for itself they get no sidecar, or within two minutes the one that they have does not wait for it. Leave them out of the selector.`,
    );
  }
  return yes("Accepted", SAID.accepted);
}

function overlap({
  matched,
  claimed,
  claimedBy,
  coveredBy,
}: PodCounts): ConditionState | undefined {
  const owner = coveredBy ?? claimedBy;
  if (owner === undefined) return undefined;
  const older = `the older HealthPolicy ${owner}`;
  // Also without pods: what an older policy covers can never match one.
  if (matched === 0) {
    return no("Conflicted", `Every pod that the selector matches belongs to ${older}.`);
  }
  const all = matched + claimed;
  return no("PartiallyProgrammed", `${claimed} of ${all} matching pods belong to ${older}.`);
}

const REFUSED_HINT =
  "Look at quotas of ConfigMaps, policy engines and `immutable`; the operator's log has the whole answer.";

function refused({ stands, message }: { stands: boolean; message: string }): ConditionState {
  return stands
    ? no("ConfigMapOutdated", `${message} Pods go on with what it said before. ${REFUSED_HINT}`)
    : no("ConfigMapRefused", `${message} New pods get no sidecar until then. ${REFUSED_HINT}`);
}

function notInForce({ lastGood }: InvalidPolicy): string {
  return lastGood
    ? "The policy as it was before stays in force; pods created now follow that, too."
    : "An invalid policy does not reach pods.";
}

/** Whether no new pod is injected; it goes before all else, because admission looks for it. */
export function isHeldBack(programmed: Programmed): boolean {
  if (programmed.state === "refused") return !programmed.stands;
  return programmed.state === "blocked" || programmed.state === "imageNotPulled";
}

function injection({ resolution, programmed, counts }: StatusFacts): ConditionState {
  if ("invalid" in resolution && !isHeldBack(programmed)) {
    return no("Invalid", notInForce(resolution));
  }
  switch (programmed.state) {
    case "waiting":
    case "unproven":
      return no("Reconciling", programmed.message);
    case "unreachable":
      return no("WebhookUnreachable", programmed.message);
    case "imageNotPulled":
      return no("ImageNotPulled", programmed.message);
    case "blocked":
      return no("ConfigMapNotOurs", programmed.message);
    case "refused":
      return refused(programmed);
    case "excluded":
      return no("NamespaceExcluded", programmed.message);
    case "yes":
      return overlap(counts) ?? yes("Programmed", SAID.programmed);
  }
}

/**
 * Whatever else it says, the next leader reads in it that nothing is proven. It comes first, since the rest may be cut.
 */
function programmed(facts: StatusFacts): ConditionState {
  const told = injection(facts);
  const { whyUnproven } = facts;
  if (whyUnproven === undefined || facts.programmed.state === "excluded") return told;
  return { ...told, message: `${whyUnproven} ${told.message}` };
}

/** What becomes of pods that are not as the policy asks: they are restarted, or the reader is told how to. */
function remedy(
  pods: Pick<ToRestart, "workloads" | "areMade">,
  { namespace, rollout, newPods }: StatusFacts,
): string {
  if (rollout) return `rollout: ${rollout.message}`;
  return restartAdvice({ ...pods, namespace, newPods });
}

function podsCurrent(facts: StatusFacts): ConditionState {
  const { counts, resolution } = facts;
  if (!policyInForce(resolution)) return unknown("Invalid", SAID.invalidHasNoPods);
  const { matched, optedOut } = counts;
  const notCurrent = podsNotCurrent(counts);
  if (notCurrent) return no(notCurrent.reason, `${notCurrent.what} ${remedy(notCurrent, facts)}`);
  if (matched === 0) return yes("NoPods", optedOut > 0 ? SAID.allOptedOut : SAID.noPods);
  return yes("PodsCurrent", SAID.podsCurrent);
}

/** Ready waits for no pod: Helm applies policies after Deployments and would wait for ever. */
function ready(
  needed: readonly ConditionState[],
  { counts, resolution }: StatusFacts,
  shared: readonly { name: string }[],
): ConditionState {
  const isPartial = ({ reason }: ConditionState) => reason === "PartiallyProgrammed";
  const missing = needed.find((state) => state.status !== "True" && !isPartial(state));
  if (missing) return no(missing.reason, missing.message);
  if (counts.matched === 0) return yes("NoPods", SAID.noPodsInForce);
  if ("policy" in resolution && resolution.policy.mode === "DryRun") {
    return yes("DryRun", "In force as a dry run: no pod is made unready, sidecars report.");
  }
  // No counts in it: a condition is written at once, and counts change all the time.
  const names = shared.map(({ name }) => name).join(", ");
  if (names !== "") return yes("SharedFault", `In force. ${SAID.sharedFault}: ${names}.`);
  // No waiting brings the other pods: who waits for Ready would do so for ever.
  const partial = needed.find(isPartial);
  if (partial) return yes(partial.reason, `In force for the others: ${partial.message}`);
  return yes("Ready", "In force.");
}

/** True only for what no waiting mends, so that `helm --wait` fails at once instead of timing out. */
function stalled(needed: readonly ConditionState[]): ConditionState {
  const hopeless: readonly ConditionReason[] = [
    "Invalid",
    "CircularDependency",
    "Conflicted",
    "NamespaceExcluded",
  ];
  const cause = needed.find(({ reason }) => hopeless.includes(reason));
  if (cause) return yes(cause.reason, cause.message);
  return no("Progressing", "Nothing stands in the way.");
}

/** `reported` is what the same status says of dependencies. */
function conditions(facts: StatusFacts, reported: HealthPolicyStatus = {}): Condition[] {
  const needed = { Accepted: accepted(facts), Programmed: programmed(facts) };
  const states: Record<ConditionType, ConditionState> = {
    ...needed,
    PodsCurrent: podsCurrent(facts),
    Ready: ready(Object.values(needed), facts, sharedFaults(reported)),
    Stalled: stalled(Object.values(needed)),
  };
  return datedConditions(states, facts);
}

function effective(policy: EffectivePolicy) {
  const { mode, timing, probe, dependencies, application, maxUnready, rollout, sources } = policy;
  const time = <T>(field: TimeField, value: T) => ({ value, source: sources.times[field] });
  const duration = (field: TimeField, milliseconds: number) =>
    time(field, formatDuration(milliseconds));
  return {
    mode,
    timing: {
      connectTimeout: duration("connectTimeout", timing.connectTimeoutMilliseconds),
      checkTimeout: duration("checkTimeout", timing.checkTimeoutMilliseconds),
      interval: duration("interval", timing.intervalMilliseconds),
      failureThreshold: time("failureThreshold", timing.failureThreshold),
      successThreshold: time("successThreshold", timing.successThreshold),
    },
    probe: {
      periodSeconds: time("periodSeconds", probe.periodSeconds),
      timeoutSeconds: time("timeoutSeconds", probe.timeoutSeconds),
    },
    impact: dependencies.map(({ name, impact }) => ({
      name,
      impact,
      // Every dependency has one.
      source: sources.impact[name] as Source,
    })),
    application: { probes: { value: application.probes, source: sources.probes } },
    fleet: { maxUnready: { value: formatMaxUnready(maxUnready), source: sources.maxUnready } },
    rollout: { value: rollout, source: sources.rollout },
  };
}

function boundsOf({ timing, probe, maxUnready }: EffectivePolicy) {
  const worst = bounds(timing, probe, maxUnready !== undefined);
  return {
    unreadyWithin: formatDuration(worst.unreadyWithinMilliseconds),
    readyWithin: formatDuration(worst.readyWithinMilliseconds),
  };
}

function summary({ matched, injected, outdated, unready, optedOut }: PodCounts) {
  return {
    matched,
    injected,
    outdated,
    unready,
    optedOut,
    summary: `${injected}/${matched}`,
  };
}

/** The whole status. Equal facts give an equal status, whatever the time. */
export function policyStatus(facts: StatusFacts): HealthPolicyStatus {
  const { generation: observedGeneration } = facts;
  const policy = policyInForce(facts.resolution);
  if (!policy) {
    const said = conditions(facts);
    return { observedGeneration, conditions: said, reason: statusReason(said) };
  }
  const { pods, ...reported } = reportedStatus({ ...facts, policy });
  const said = conditions(facts, reported);
  return {
    observedGeneration,
    conditions: said,
    reason: statusReason(said, reported.dependencies),
    effective: effective(policy),
    bounds: boundsOf(policy),
    pods: { ...summary(facts.counts), ...pods },
    ...(isWorthTelling(facts.counts.probes, policy) && { application: facts.counts.probes }),
    ...reported,
    ...(facts.rollout && { rollout: facts.rollout }),
    dependenciesSummary: policy.dependencies.map(({ name }) => name).join(","),
  };
}
