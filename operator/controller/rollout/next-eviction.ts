/** Which pod of a policy is evicted next, or what is waited for. Pure. */
import type { Claims } from "../../api/claims.ts";
import type { EffectivePolicy } from "../../api/effective-policy.ts";
import { MAX_STOPPED_WORKLOADS, type RolloutStatus } from "../../api/v1alpha1-rollout-status.ts";
import { revisionOf } from "../../inject/revision.ts";
import { hasController } from "../pods/has-controller.ts";
import type { PodRecord } from "../pods/pod-record.ts";
import type { Reach } from "../webhook-configuration/webhook-proof.ts";
import { type Evicting, type LastEviction, lastEviction, type SeenSince } from "./last-eviction.ts";
import { type LeftAlone, leftAlone, stoppedMessage } from "./left-alone.ts";
import { type RestartReason, restartRule } from "./restartable.ts";
import { settleMilliseconds } from "./settle-time.ts";
import {
  currentPods,
  firstToGo,
  type WorkloadState,
  whyWait,
  workloadStates,
} from "./workload-state.ts";

/** What a leader remembers from one look to the next. */
export interface Seen {
  /** Of the last eviction's workload. */
  since: SeenSince;
  leftAlone: LeftAlone;
}

/** All that is looked at. */
export interface RolloutFacts {
  policy: EffectivePolicy;
  /** Of all usable policies of the namespace. */
  claims: Claims<EffectivePolicy>;
  /** All pods of the namespace, those that are being deleted too. */
  pods: readonly PodRecord[];
  /** The namespace is one of the cluster's own, or the operator's. */
  excluded: boolean;
  /** Accepted and programmed in its present generation, as its status says. */
  inForce: boolean;
  webhookReach: Reach;
  /** Injection was stopped as nodes could not pull or start the sidecar's image, and no new pod has started since. */
  isImageUnproven: boolean;
  /** Evictions a minute over the whole cluster; 0: none. */
  evictionsPerMinute: number;
  /** How far it is; of an earlier generation without the workloads that were left alone then. */
  before: Pick<RolloutStatus, "evicting" | "stopped"> | undefined;
  /** A pod that was evicted a moment ago, whatever the cache of pods says still. */
  evictedUid: string | undefined;
  /** What the look before this one left; of the first look nothing. */
  seen: Seen;
  /** Milliseconds of the clock that `seen` was written by. */
  now: number;
  /** Why an eviction in this workload was refused a moment ago, if it was. */
  refused: (workload: string) => string | undefined;
}

/** A pod to evict, and what to write down before. */
export interface Eviction {
  pod: PodRecord;
  reason: RestartReason;
  evicting: Evicting;
}

/** What to do. */
type Step = { stopped: string[] } & (
  | { do: "nothing" }
  | { do: "wait"; message: string; evicting?: Evicting }
  | ({ do: "evict" } & Eviction)
);

/** What to do, and what the next look is to know. */
export type RolloutPlan = Step & { seen: Seen };

/** Why nothing at all is evicted for the policy. */
function whyNone({
  excluded,
  inForce,
  webhookReach,
  isImageUnproven,
  evictionsPerMinute,
}: RolloutFacts): string | undefined {
  if (excluded) return "Pods of this namespace are never evicted.";
  if (evictionsPerMinute === 0) {
    return "The operator may not evict pods: rollout.evictionsPerMinute is 0 in the chart's values. Restart them yourself.";
  }
  if (!inForce) return "Waits until the policy is accepted and programmed.";
  if (isImageUnproven) {
    return "Waits until a new pod of the namespace has started with the sidecar's image, which nodes could not pull or start a while ago.";
  }
  if (webhookReach.state === "reachable") return undefined;
  return "Waits until API servers are proven to reach the operator's webhook: new pods would get no sidecar.";
}

function withoutController(pods: readonly PodRecord[]): string {
  const one = pods.length === 1;
  const what = one ? "1 pod has" : `${pods.length} pods have`;
  return `${what} no controller that would make a new one, and ${one ? "is" : "are"} not evicted: delete and create ${one ? "it" : "them"} again.`;
}

/** `kubectl rollout restart` starts a second pod before it takes the first one away; an eviction cannot. */
const alone = (workload: string) =>
  `Left to you: ${workload} has one pod, and none while that is replaced: restart it yourself.`;

/** Where the next pod is taken from: the workload with most pods first, where one of them counts least. */
function inOrder(states: Iterable<WorkloadState>): WorkloadState[] {
  return [...states].toSorted(
    (left, right) => right.pods.length - left.pods.length || (left.name < right.name ? -1 : 1),
  );
}

/** Why no pod of the workload goes now. */
function objectionTo(state: WorkloadState, { refused }: RolloutFacts): string | undefined {
  const wait = whyWait(state);
  if (wait) return `Waits for ${wait}.`;
  return state.pods.length === 1 ? alone(state.name) : refused(state.name);
}

/** Plans for workloads of which none is being worked on. */
function planFor(
  workloads: readonly WorkloadState[],
  facts: RolloutFacts,
  stopped: string[],
): Step {
  const why = restartRule(facts.policy, facts.claims);
  const waits: string[] = [];
  for (const state of workloads) {
    const objection = objectionTo(state, facts);
    const pod = firstToGo(state);
    const reason = pod && why(pod);
    if (objection) waits.push(objection);
    else if (pod && reason) {
      const { name: workload, pods } = state;
      const evicting = {
        workload,
        pod: pod.name,
        uid: pod.uid,
        revision: revisionOf(facts.policy),
        pods: pods.length,
        current: currentPods(state),
      };
      return { do: "evict", pod, reason, evicting, stopped };
    }
  }
  return { do: "wait", message: waits[0] ?? "", stopped };
}

/** The pods as they are, whatever the cache says of the one that was evicted a moment ago. */
function asTheyAre({ pods, evictedUid }: RolloutFacts): PodRecord[] {
  return pods.map((pod) => (pod.uid === evictedUid ? { ...pod, terminating: true } : pod));
}

function judged(
  states: ReadonlyMap<string, WorkloadState>,
  { before, policy, seen, now }: RolloutFacts,
): LastEviction {
  const evicting = before?.evicting;
  if (!evicting) return { is: "over" };
  return lastEviction(evicting, states.get(evicting.workload), {
    revision: revisionOf(policy),
    seen: seen.since,
    now,
    settles: settleMilliseconds(policy),
  });
}

/** Workloads to be left alone: as before, and the one of a useless eviction. */
function leftAloneNow(
  last: LastEviction,
  { before, seen }: RolloutFacts,
  states: ReadonlyMap<string, WorkloadState>,
): LeftAlone {
  const added = last.is === "useless" && before?.evicting ? [before.evicting.workload] : [];
  return leftAlone([...(before?.stopped ?? []), ...added], states, seen.leftAlone);
}

/** What to do where no eviction is under way. */
function stepNext(
  states: ReadonlyMap<string, WorkloadState>,
  facts: RolloutFacts,
  stopped: string[],
): Step {
  const concerned = inOrder(states.values()).filter(({ toRestart }) => toRestart.length > 0);
  if (concerned.length === 0) return { do: "nothing", stopped };
  const none = whyNone(facts);
  if (none) return { do: "wait", message: none, stopped };
  const made = concerned.filter(({ toRestart }) => toRestart.every(hasController));
  const bare = concerned.flatMap(({ toRestart }) => toRestart.filter((pod) => !hasController(pod)));
  const workloads = made.filter(({ name }) => !stopped.includes(name));
  // So many that the next one would be as useless.
  if (workloads.length > 0 && stopped.length < MAX_STOPPED_WORKLOADS) {
    return planFor(workloads, facts, stopped);
  }
  const message = stopped.length > 0 ? stoppedMessage(stopped) : withoutController(bare);
  return { do: "wait", message, stopped };
}

/** The plan for a policy with `rollout: Restart`. */
export function nextEviction(facts: RolloutFacts): RolloutPlan {
  const states = workloadStates(asTheyAre(facts), restartRule(facts.policy, facts.claims));
  const last = judged(states, facts);
  const left = leftAloneNow(last, facts, states);
  const stopped = [...left.keys()];
  if (last.is === "underWay") {
    const evicting = facts.before?.evicting;
    const message = `Waits for ${last.message}.`;
    const seen = { since: last.seen, leftAlone: left };
    return { do: "wait", message, ...(evicting && { evicting }), stopped, seen };
  }
  return { ...stepNext(states, facts, stopped), seen: { since: {}, leftAlone: left } };
}
