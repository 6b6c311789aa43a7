/** The pods of a policy's namespace, what their sidecars have said, and how they count. Pure. */
import type { FindService } from "../../api/circular-dependency.ts";
import type { Claims } from "../../api/claims.ts";
import type { EffectivePolicy } from "../../api/effective-policy.ts";
import type { PodRecord } from "../pods/pod-record.ts";
import {
  type AskablePod,
  type Outcome,
  podsToAsk,
  type SidecarReports,
  sidecarReports,
} from "../sidecars/sidecar-reports.ts";
import { skipCircularPods } from "./circular-pods.ts";
import { excludedPods } from "./excluded-pods.ts";
import { countPods, type PodCounts } from "./pod-counts.ts";

/** What was read. */
export interface PodsRead {
  /** All pods of the namespace. */
  all: readonly PodRecord[];
  /** Of all policies of the namespace, by which it is known whose a pod is. */
  claims: Claims<EffectivePolicy>;
  /** What came of asking a pod for the policy; undefined: it has not been asked yet. */
  outcomeOf: (pod: AskablePod) => Outcome | undefined;
}

/** What follows from it. */
export interface PodFacts extends PodsRead {
  policy: EffectivePolicy;
  /** All of them; those are skipped that the policy could not have, because they are behind a host of it. */
  pods: readonly PodRecord[];
  /** Those whose sidecars are to be asked. */
  toAsk: readonly AskablePod[];
  reports: SidecarReports;
  counts: PodCounts;
}

/** What else decides which pods the policy can have. */
export interface PodFactsOptions {
  service: FindService;
  /** Why no pod of the namespace is injected; undefined where they are. */
  whyExcluded: string | undefined;
}

/** How the pods stand to the policy. */
export function podFacts(
  policy: EffectivePolicy,
  read: PodsRead,
  { service, whyExcluded }: PodFactsOptions,
): PodFacts {
  const { all, claims, outcomeOf } = read;
  const { pods, circle } = skipCircularPods(policy, all, service);
  const counted = whyExcluded === undefined ? pods : excludedPods(pods, whyExcluded);
  const toAsk = podsToAsk(policy, all);
  const reports = sidecarReports(policy, toAsk, outcomeOf);
  // A new leader leaves what the last one wrote until it knows better.
  const isUnknown = reports.asked === 0 && toAsk.length > 0;
  const counts = {
    ...countPods(policy, claims, counted),
    circle,
    reports: isUnknown ? undefined : reports,
  };
  return { ...read, policy, pods, toAsk, reports, counts };
}
