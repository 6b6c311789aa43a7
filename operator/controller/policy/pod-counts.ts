/** How the pods of a namespace stand to one of its policies. Pure. */
import { isDeepStrictEqual } from "node:util";
import type { OwnService } from "../../api/circular-dependency.ts";
import type { Claims } from "../../api/claims.ts";
import type { EffectivePolicy } from "../../api/effective-policy.ts";
import { currentRevisions } from "../../inject/revision.ts";
import type { Change } from "../kube/watch.ts";
import { hasController } from "../pods/has-controller.ts";
import type { PodRecord } from "../pods/pod-record.ts";
import type { SidecarReports } from "../sidecars/sidecar-reports.ts";
import { NO_PROBES_CHANGED, type ProbesChanged, probesChanged } from "./probes-changed.ts";

/**
 * Counts of the pods that a policy selects, and of those that are bound to it still: a pod follows the
 * policy that its annotation names until it is replaced, whatever becomes of labels and selectors. A pod
 * that is bound to one policy and now belongs to another is outdated in the counts of both.
 */
export interface PodCounts {
  /** Selected and not skipped; pods that an older policy claims are counted there. */
  matched: number;
  /** Of the matched, with our container. */
  injected: number;
  /** Bound to this policy, but not matched any more. */
  left: number;
  /** Of the left, those that a label of theirs opts out: whether a restart helps is up to their template. */
  leftOptedOut: number;
  /** The left, and those of the injected that run another policy or revision than a new pod would. */
  outdated: number;
  /** Of the injected and the left, with our container not ready. */
  unready: number;
  /**
   * Selected, but opted out, of a kind or in a namespace that is never injected, or behind a host of the policy and
   * without its sidecar.
   */
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
  /** Whether something makes a new pod in place of each pod without our container; false where there is none. */
  predatingAreMade: boolean;
  /** The same of outdated pods. */
  outdatedAreMade: boolean;
  /** What became of the app's own probes in the pods that are bound to this policy. */
  probes: ProbesChanged;
  /** A host of the policy that some of the selected pods are behind. */
  circle?: OwnService | undefined;
  /** What sidecars say; undefined where none has been asked yet that should be. */
  reports?: SidecarReports | undefined;
}

/** The counts of a policy that selects nothing. */
export const NO_PODS: PodCounts = {
  matched: 0,
  injected: 0,
  left: 0,
  leftOptedOut: 0,
  outdated: 0,
  unready: 0,
  optedOut: 0,
  claimed: 0,
  claimedBy: undefined,
  coveredBy: undefined,
  predating: [],
  outdatedWorkloads: [],
  predatingAreMade: false,
  outdatedAreMade: false,
  probes: NO_PROBES_CHANGED,
};

function workloads(pods: readonly PodRecord[]): string[] {
  return [...new Set(pods.flatMap(({ restartTarget }) => restartTarget ?? []))].sort();
}

function areMade(pods: readonly PodRecord[]): boolean {
  return pods.length > 0 && pods.every(hasController);
}

/** How one pod stands to a policy. */
type Standing =
  | { is: "matched" | "skipped" | "stranger" }
  /** Another policy, older than this one, is the pod's. */
  | { is: "claimed"; by: string };

function standing(
  pod: PodRecord,
  policy: EffectivePolicy,
  claims: Claims<EffectivePolicy>,
): Standing {
  if (!claims.selects(policy, pod.labels)) return { is: "stranger" };
  if (pod.skipped) return { is: "skipped" };
  const winner = claims.owner(pod.labels);
  if (winner === undefined || winner.name === policy.name) return { is: "matched" };
  return { is: "claimed", by: winner.name };
}

/** Counts the namespace's `pods` for `policy`; `claims` are those of all usable policies of the namespace. */
export function countPods(
  policy: EffectivePolicy,
  claims: Claims<EffectivePolicy>,
  pods: readonly PodRecord[],
): PodCounts {
  const standings = pods.map((pod) => ({ pod, ...standing(pod, policy, claims) }));
  const podsThat = (is: Standing["is"]) => standings.filter((one) => one.is === is);
  const matched = podsThat("matched").map(({ pod }) => pod);
  const injected = matched.filter(({ sidecar }) => sidecar);
  const predating = matched.filter(({ sidecar }) => !sidecar);
  const left = standings
    .filter(({ is, pod }) => is !== "matched" && pod.sidecar?.policy === policy.name)
    .map(({ pod }) => pod);
  const revisions = currentRevisions(policy);
  const outdated = injected
    .filter(
      ({ sidecar }) => sidecar?.policy !== policy.name || !revisions.includes(sidecar.revision),
    )
    .concat(left);
  const claimers = standings.flatMap((one) => (one.is === "claimed" ? one.by : []));
  const claiming = new Set(claimers);
  return {
    matched: matched.length,
    injected: injected.length,
    left: left.length,
    leftOptedOut: left.filter(({ skipped }) => skipped?.reason === "OptedOut").length,
    outdated: outdated.length,
    unready: [...injected, ...left].filter(({ sidecar }) => !sidecar?.ready).length,
    optedOut: podsThat("skipped").length,
    claimed: claimers.length,
    claimedBy: claims.policies.find(({ name }) => claiming.has(name))?.name,
    coveredBy: claims.coveredBy(policy)?.name,
    predating: workloads(predating),
    outdatedWorkloads: workloads(outdated),
    predatingAreMade: areMade(predating),
    outdatedAreMade: areMade(outdated),
    probes: probesChanged(
      pods.flatMap(({ sidecar }) =>
        sidecar?.policy === policy.name ? (sidecar.probes ?? []) : [],
      ),
    ),
  };
}

/** What of a pod the counts are made of. */
function countedOf(pod: PodRecord) {
  const { labels, restartTarget, skipped, sidecar } = pod;
  return { labels, restartTarget, isMade: hasController(pod), skipped, sidecar };
}

/** Those of the namespace's policies whose counts a change of a pod can change. */
export function policiesToRecount(
  { old, now }: Change<PodRecord>,
  { policies, selects }: Claims<EffectivePolicy>,
): EffectivePolicy[] {
  if (old && now && isDeepStrictEqual(countedOf(old), countedOf(now))) return [];
  const records = [old, now].flatMap((record) => record ?? []);
  return policies.filter((policy) =>
    records.some((pod) => pod.sidecar?.policy === policy.name || selects(policy, pod.labels)),
  );
}
