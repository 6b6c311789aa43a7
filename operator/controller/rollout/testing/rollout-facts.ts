/** For tests: the pods of a workload, and what a rollout is decided from. */
import { claimsOf } from "../../../api/claims.ts";
import { testPolicy } from "../../../api/testing/policy.ts";
import { revisionOf } from "../../../inject/revision.ts";
import type { PodRecord } from "../../pods/pod-record.ts";
import { podOf } from "../../pods/testing/pod-of.ts";
import type { Evicting } from "../last-eviction.ts";
import { nextEviction, type RolloutFacts } from "../next-eviction.ts";

/** The policy shop/web with `rollout: Restart`. */
export const RESTART = testPolicy({ rollout: "Restart" });

/** A ready pod of Deployment/web with the sidecar as the policy asks for it. */
export function currentPod(name: string, overrides: Partial<PodRecord> = {}): PodRecord {
  return podOf({ name, uid: `uid-of-${name}`, created: 1_000, ...overrides });
}

/** The same without a sidecar. */
export function pod(name: string, overrides: Partial<PodRecord> = {}): PodRecord {
  const { sidecar: _, ...bare } = currentPod(name);
  return { ...bare, ...overrides };
}

/** One as the policy asks for it, whose sidecar can be asked. */
export function runningPod(name: string): PodRecord {
  const of = currentPod(name);
  return { ...of, ...(of.sidecar && { sidecar: { ...of.sidecar, port: 19_847 } }) };
}

/** As a pod of another workload, `Kind/name`. */
export const inWorkload = (workload: string): Pick<PodRecord, "judged"> => ({
  judged: { workload, probes: {} },
});

/** The eviction of a pod `web-0` that does not exist any more, from a Deployment of three that lacked the sidecar. */
export function evictingOf(overrides: Partial<Evicting> = {}): Evicting {
  return {
    workload: "Deployment/web",
    pod: "web-0",
    uid: "uid-of-web-0",
    revision: revisionOf(RESTART),
    pods: 3,
    current: 0,
    ...overrides,
  };
}

/** Three ready pods that predate their policy, which is in force. */
export function factsOf(overrides: Partial<RolloutFacts> = {}): RolloutFacts {
  return {
    policy: RESTART,
    claims: claimsOf([RESTART]),
    pods: [pod("web-1"), pod("web-2"), pod("web-3")],
    excluded: false,
    inForce: true,
    webhookReach: { state: "reachable" },
    isImageUnproven: false,
    evictionsPerMinute: 10,
    before: undefined,
    evictedUid: undefined,
    seen: { since: {}, leftAlone: new Map() },
    now: 1_000_000,
    refused: () => undefined,
    ...overrides,
  };
}

/** The plan in one line: what is done, and to which pod or with which words. */
export function planInWords(overrides: Partial<RolloutFacts>): string {
  const next = nextEviction(factsOf(overrides));
  if (next.do === "nothing") return "nothing";
  return next.do === "evict" ? `evict ${next.pod.name}` : next.message;
}
