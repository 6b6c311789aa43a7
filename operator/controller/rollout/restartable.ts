/** Which pods a restart would mend. Pure. */
import type { Claims } from "../../api/claims.ts";
import type { EffectivePolicy } from "../../api/effective-policy.ts";
import { revisionsInAnyFormat } from "../../inject/revision.ts";
import type { PodRecord } from "../pods/pod-record.ts";

/** Why a pod is to be restarted: it has no sidecar, or one that the policy asked for before it was edited. */
export type RestartReason = "missing" | "outdated";

/** Tells of a pod why it is to be restarted; undefined: it is not. */
export type WhyRestart = (pod: PodRecord) => RestartReason | undefined;

/**
 * How to tell it of the pods of a policy's namespace; `claims` are those of all usable ones of it. A pod that the
 * policy does not select any more stays: what it would be after a restart is not this policy's to say.
 */
export function restartRule(policy: EffectivePolicy, claims: Claims<EffectivePolicy>): WhyRestart {
  const revisions = revisionsInAnyFormat(policy);
  return ({ labels, skipped, sidecar }) => {
    // The own selector first: most pods are of other policies.
    if (skipped || !claims.selects(policy, labels)) return undefined;
    if (claims.owner(labels)?.name !== policy.name) return undefined;
    if (!sidecar) return "missing";
    const isAsAsked = sidecar.policy === policy.name && revisions.includes(sidecar.revision);
    return isAsAsked ? undefined : "outdated";
  };
}
