/** What the status of a policy says that was written before, by this leader or the last. Pure. */
import {
  type ConditionReason,
  HELD_BACK_REASONS,
  type HeldBackReason,
} from "../../api/condition-reasons.ts";
import type { ConditionType, HealthPolicyStatus } from "../../api/v1alpha1-status.ts";
import { UNANSWERED } from "../webhook-configuration/webhook-proof.ts";

function conditionOf(status: HealthPolicyStatus | undefined, wanted: ConditionType) {
  return status?.conditions?.find(({ type }) => type === wanted);
}

/** Whether it says that the policy is accepted, be it in an earlier generation. */
export function isAccepted(status: HealthPolicyStatus | undefined): boolean {
  return conditionOf(status, "Accepted")?.status === "True";
}

/**
 * The dependencies of which it says that pods share the fault, and stay ready in it. Not to be read from the reason of
 * Ready, which tells first of what keeps the policy from new pods.
 */
export function sharedFaults(status: HealthPolicyStatus | undefined) {
  // The pods of a dry run stay ready anyhow.
  if (status?.effective?.mode === "DryRun") return [];
  return (status?.dependencies ?? []).filter(({ sharedPods = 0 }) => sharedPods > 0);
}

/** Whether this status says that the generation is programmed already. */
export function wasProgrammed(status: HealthPolicyStatus | undefined, generation: number): boolean {
  return (
    status?.conditions?.some(
      ({ type, status: value, observedGeneration, reason }) =>
        type === "Programmed" &&
        observedGeneration === generation &&
        (value === "True" || reason === "PartiallyProgrammed" || reason === "Conflicted"),
    ) ?? false
  );
}

function programmedReason(status: HealthPolicyStatus | undefined): string | undefined {
  return conditionOf(status, "Programmed")?.reason;
}

/**
 * Why no pod is injected under the policy now, by its status; undefined: it may be. Every replica sees it there,
 * and only the leader knows it otherwise.
 */
export function heldBackBecause(
  status: HealthPolicyStatus | undefined,
): HeldBackReason | undefined {
  const reason = programmedReason(status);
  return HELD_BACK_REASONS.find((heldBack) => heldBack === reason);
}

/**
 * What it says of API servers that do not get through to the webhook; undefined: it says that of none. Without what is
 * said before it of the sidecar's image, which the next status says again or not.
 */
export function saidUnreachable(status: HealthPolicyStatus | undefined): string | undefined {
  const { reason, message = "" } = conditionOf(status, "Programmed") ?? {};
  const at = reason === "WebhookUnreachable" ? message.indexOf(UNANSWERED) : -1;
  return at < 0 ? undefined : message.slice(at);
}

/** Reasons of Programmed that are written only when the policy's ConfigMap has been. */
const WITH_CONFIG_MAP: readonly ConditionReason[] = [
  "Programmed",
  "PartiallyProgrammed",
  "Conflicted",
  "ConfigMapOutdated",
  "WebhookUnreachable",
  "ImageNotPulled",
];

/** Whether the status says that the policy has a ConfigMap, be it of an earlier generation. */
export function hadConfigMap(status: HealthPolicyStatus | undefined): boolean {
  const reason = programmedReason(status);
  return WITH_CONFIG_MAP.some((one) => one === reason);
}
