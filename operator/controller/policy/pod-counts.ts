/** How the pods of a namespace stand to one of its policies. Pure. */
import { isDeepStrictEqual } from "node:util";
import type { EffectivePolicy } from "../../api/effective-policy.ts";
import { byAge, matchingPolicies, selectorMatches } from "../../api/select-policy.ts";
import type { LabelSelector } from "../../api/v1alpha1-selector.ts";
import { revisionOf } from "../../inject/revision.ts";
import type { PodRecord } from "./pods.ts";

/** Counts of the pods that a policy selects. */
export interface PodCounts {
  /** Selected and not skipped; pods that an older policy claims are counted there. */
  matched: number;
  /** Of those, with our container. */
  injected: number;
  /** Of the injected, bound to another policy or revision than a pod created now would be. */
  outdated: number;
  /** Of the injected, with our container not ready. */
  unready: number;
  /** Selected, but opted out or of a kind that is never injected. */
  optedOut: number;
  /** Selected, but claimed by an older policy. */
  claimed: number;
  /** The oldest policy that claims some of them. */
  claimedBy: string | undefined;
  /** An older policy that claims whatever this one selects, pods or not. */
  coveredBy: string | undefined;
  /** What to restart, as kubectl takes it, sorted: workloads of pods without our container. */
  predating: string[];
  /** The same for outdated pods. */
  outdatedWorkloads: string[];
}

/** The counts of a policy that selects nothing. */
export const NO_PODS: PodCounts = {
  matched: 0,
  injected: 0,
  outdated: 0,
  unready: 0,
  optedOut: 0,
  claimed: 0,
  claimedBy: undefined,
  coveredBy: undefined,
  predating: [],
  outdatedWorkloads: [],
};

function workloads(pods: readonly PodRecord[]): string[] {
  return [...new Set(pods.flatMap(({ workload }) => workload ?? []))].sort();
}

/** Whether every pod that `narrow` selects is surely one that `wide` selects. */
function covers(wide: LabelSelector, narrow: LabelSelector): boolean {
  const labels = Object.entries(wide.matchLabels ?? {});
  return (
    labels.every(([key, value]) => narrow.matchLabels?.[key] === value) &&
    (wide.matchExpressions ?? []).every((wanted) =>
      narrow.matchExpressions?.some((given) => isDeepStrictEqual(given, wanted)),
    )
  );
}

/** Counts the namespace's `pods` for `policy`; `policies` are all usable ones of the namespace. */
export function countPods(
  policy: EffectivePolicy,
  policies: readonly EffectivePolicy[],
  pods: readonly PodRecord[],
): PodCounts {
  const older = policies
    .filter((other) => other.name !== policy.name && byAge(other, policy) < 0)
    .toSorted(byAge);
  const selected = pods.filter(({ labels }) => selectorMatches(policy.selector, labels));
  const winnerOf = ({ labels }: PodRecord) => matchingPolicies(policies, labels)[0];
  const claims = (pod: PodRecord) => {
    const winner = winnerOf(pod);
    return winner?.name === policy.name ? undefined : winner;
  };
  const eligible = selected.filter(({ skipped }) => !skipped);
  const matched = eligible.filter((pod) => !claims(pod));
  const claimed = eligible.filter(claims);
  const injected = matched.filter(({ sidecar }) => sidecar);
  const revision = revisionOf(policy);
  const outdated = injected.filter(
    ({ sidecar }) => sidecar?.policy !== policy.name || sidecar.revision !== revision,
  );
  const [first] = claimed;
  return {
    matched: matched.length,
    injected: injected.length,
    outdated: outdated.length,
    unready: injected.filter(({ sidecar }) => !sidecar?.ready).length,
    optedOut: selected.length - eligible.length,
    claimed: claimed.length,
    claimedBy: first && claims(first)?.name,
    coveredBy: older.find(({ selector }) => covers(selector, policy.selector))?.name,
    predating: workloads(matched.filter(({ sidecar }) => !sidecar)),
    outdatedWorkloads: workloads(outdated),
  };
}
