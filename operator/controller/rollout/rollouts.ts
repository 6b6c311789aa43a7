/**
 * What the leader does about `rollout: Restart`: looks, decides, has the status say what it is about to do, evicts.
 * Level-triggered: it may be called at any time and as often as anybody likes, for one policy once at a time.
 */
import { isDeepStrictEqual } from "node:util";
import type { Logger } from "pino";
import type { EffectivePolicy } from "../../api/effective-policy.ts";
import { isExcludedNamespace } from "../../api/names.ts";
import type { NamespacedName } from "../../api/namespaced-name.ts";
import type { RolloutStatus } from "../../api/v1alpha1-rollout-status.ts";
import { revisionOf } from "../../inject/revision.ts";
import type { Caches } from "../caches.ts";
import type { EventRecorder } from "../events/event-recorder.ts";
import type { KubeClient } from "../kube/kube-client.ts";
import { keyOf } from "../kube/kube-object.ts";
import type { PodWatches } from "../pods/pod-watches.ts";
import { skipCircularPods } from "../policy/circular-pods.ts";
import { findOwners } from "../policy/find-owners.ts";
import type { PolicyRecord } from "../policy/policy-cache.ts";
import { isAccepted, wasProgrammed } from "../policy/read-status.ts";
import type { Ask } from "../sidecars/survey-sidecars.ts";
import type { Reach } from "../webhook-configuration/webhook-proof.ts";
import { type EvictionResult, evictPod, noneWent } from "./evict-pod.ts";
import { createEvictionLine } from "./eviction-line.ts";
import type { EvictionPace } from "./eviction-pace.ts";
import { type Eviction, nextEviction, type RolloutPlan } from "./next-eviction.ts";
import { createObjections } from "./objections.ts";
import {
  newMemory,
  noteRefusal,
  type RolloutMemory,
  refusedThere,
  takeIn,
  type Wait,
} from "./rollout-memory.ts";
import { statusOfPlan } from "./status-of-plan.ts";
import { createTellRollout } from "./tell-rollout.ts";

/** While something is under way: a pod's readiness is no work for its policy by itself. */
const SOON_MILLISECONDS = 1_000;
/** While it waits for what takes longer. */
const LATER_MILLISECONDS = 10_000;
/** What was decided and asked this long ago need not be so any more. */
const INTENTION_MILLISECONDS = 10_000;
/** Every replica has heard of a change by then; a pod made by one that has not would be outdated at once. */
const CHANGE_SETTLES_MILLISECONDS = 5_000;

/** What rollouts need. */
export interface RolloutsOptions {
  client: Pick<KubeClient, "request">;
  caches: Pick<Caches, "policies" | "index" | "service">;
  pods: Pick<PodWatches, "pods" | "terminating" | "synced">;
  /** The operator's own namespace. */
  namespace: string;
  evictionsPerMinute: number;
  pace: EvictionPace;
  webhookReach: () => Reach;
  /** Whether nodes may not be able to pull or start the sidecar's image for pods of the namespace. */
  isImageUnproven: (namespace: string) => boolean;
  /** Whether the webhook answers at this very moment. */
  webhookAnswers: () => Promise<boolean>;
  ask: Ask;
  events: Pick<EventRecorder, "record">;
  /** Called with the result of each eviction. */
  onEviction: (result: EvictionResult["result"]) => void;
  /** Called when the status of the policy is to say something else. */
  onChange: (policy: NamespacedName) => void;
  /** Called when there is work on the policy's rollout, earlier than `work` said. */
  onWork: (policy: NamespacedName) => void;
  log: Pick<Logger, "info" | "warn" | "error">;
}

/** The rollouts of all policies. */
export interface Rollouts {
  /** Whether there is work on the policy. */
  concern(policy: NamespacedName): boolean;
  /** Works on the policy; resolves with the milliseconds until it wants to be called again. */
  work(policy: NamespacedName): Promise<number | undefined>;
  /** What its status says of the rollout. */
  status(record: PolicyRecord): RolloutStatus | undefined;
  /** Asks nobody any more; resolves when what was asked has ended. */
  stop(): Promise<void>;
}

/** One of them, as it is looked at. */
interface Rollout {
  record: PolicyRecord;
  policy: EffectivePolicy;
  memory: RolloutMemory;
}

/** Rollouts of which nothing is known yet. */
export function createRollouts(options: RolloutsOptions): Rollouts {
  const { caches, pods, log } = options;
  const tell = createTellRollout(options.events);
  const memories = new Map<string, RolloutMemory>();
  const line = createEvictionLine(options.pace, options.onWork);
  const objections = createObjections({
    podsOf,
    ask: options.ask,
    webhookAnswers: options.webhookAnswers,
    onAnswer: options.onWork,
    log,
  });

  /** The policy, where pods are to be restarted for it. */
  function restarting(record: PolicyRecord): EffectivePolicy | undefined {
    const resolution = caches.index.resolution(record);
    if (!resolution || !("policy" in resolution)) return undefined;
    return resolution.policy.rollout === "Restart" ? resolution.policy : undefined;
  }

  function memoryOf(record: PolicyRecord, policy: EffectivePolicy): RolloutMemory {
    const key = keyOf(record);
    const now = performance.now();
    const revision = revisionOf(policy);
    const known = memories.get(key);
    const memory = known?.uid === record.uid ? known : newMemory(record, revision, now);
    memories.set(key, memory);
    takeIn(memory, { generation: record.generation, revision, now });
    return memory;
  }

  function podsOf(policy: EffectivePolicy) {
    const { namespace } = policy;
    const all = [...pods.pods(namespace), ...pods.terminating(namespace)];
    return skipCircularPods(policy, all, caches.service).pods;
  }

  function planOf({ record, policy, memory }: Rollout): RolloutPlan {
    const now = performance.now();
    const { namespace } = policy;
    return nextEviction({
      policy,
      claims: caches.index.claims(namespace),
      pods: podsOf(policy),
      excluded: isExcludedNamespace(namespace, options.namespace),
      inForce: isAccepted(record.status) && wasProgrammed(record.status, record.generation),
      webhookReach: options.webhookReach(),
      isImageUnproven: options.isImageUnproven(namespace),
      evictionsPerMinute: options.evictionsPerMinute,
      before: memory.status,
      seen: memory.seen,
      now,
      evictedUid: memory.evictedUid,
      refused: (workload) => refusedThere(memory, workload, now),
    });
  }

  function say(
    policy: NamespacedName,
    memory: RolloutMemory,
    status: RolloutStatus | undefined,
  ): void {
    if (isDeepStrictEqual(memory.status, status)) return;
    memory.status = status;
    options.onChange(policy);
  }

  /** What is waited for outside the line; whoever is in it leaves it. */
  function notInLine(memory: RolloutMemory): Wait | undefined {
    const settles = memory.revisionSince + CHANGE_SETTLES_MILLISECONDS - performance.now();
    if (settles <= 0) return objections.known(memory);
    return { message: "Waits a moment: the policy has just changed.", for: settles };
  }

  const inLine = (milliseconds: number): Wait => {
    const rate = `at most ${options.evictionsPerMinute} pods a minute are evicted in the whole cluster`;
    return { message: `Waits for its turn: ${rate}.`, for: milliseconds };
  };

  /** Takes the turn for one eviction, and with it the answer that allows it; or says what is waited for. */
  function takeTurn({ policy, memory }: Rollout): Wait | undefined {
    const wait = notInLine(memory);
    if (wait) {
      line.leave(policy);
      return wait;
    }
    const turn = line.wait(policy);
    if (turn > 0) return inLine(turn);
    const asking = objections.ask(policy, memory);
    if (asking) return asking;
    // Others are before it, or have taken the turn while its sidecars were asked.
    if (!line.take(policy)) return inLine(line.wait(policy) || LATER_MILLISECONDS);
    memory.question = undefined;
    return undefined;
  }

  function takeInResult(
    memory: RolloutMemory,
    { evicting }: Eviction,
    outcome: EvictionResult,
  ): void {
    const now = performance.now();
    const { workload, uid } = evicting;
    if (outcome.result === "evicted") {
      memory.evictedUid = uid;
      memory.refusals.delete(workload);
    } else if (outcome.result !== "gone") {
      const message = `Waits: ${outcome.message} in ${workload}.`;
      noteRefusal(memory, workload, { message, now, random: Math.random() });
    }
    if (noneWent(outcome)) line.giveBack();
  }

  function logResult({ evicting: { pod, workload } }: Eviction, outcome: EvictionResult): void {
    const { result } = outcome;
    if (result === "failed") log.warn({ pod, workload, err: outcome.error }, "eviction failed");
    else log.info({ pod, workload, result }, "eviction");
  }

  async function evict({ record, memory }: Rollout, plan: Eviction): Promise<void> {
    memory.intended = undefined;
    const outcome = await evictPod(options.client, plan.pod);
    options.onEviction(outcome.result);
    logResult(plan, outcome);
    takeInResult(memory, plan, outcome);
    if (outcome.result === "evicted") tell.evicted(record, plan);
  }

  function isIntended({ intended }: RolloutMemory, { evicting }: Eviction): boolean {
    if (intended?.uid !== evicting.uid) return false;
    return performance.now() - intended.at < INTENTION_MILLISECONDS;
  }

  /** First the status, then, once that can be read by the next leader, the pod. */
  async function stepTo(plan: RolloutPlan & Eviction, of: Rollout): Promise<number> {
    const { record, memory } = of;
    if (isIntended(memory, plan)) {
      // With the numbers of now: where the workload was scaled meanwhile, the successor would be missed by those of
      // then, and the eviction be taken for a useless one.
      const isWritten = isDeepStrictEqual(record.status?.rollout?.evicting, plan.evicting);
      if (isWritten) await evict(of, plan);
      else say(record, memory, statusOfPlan(plan));
      return SOON_MILLISECONDS;
    }
    const wait = takeTurn(of);
    if (wait) {
      say(record, memory, statusOfPlan(plan, wait.message));
      return wait.for;
    }
    memory.intended = { uid: plan.evicting.uid, at: performance.now() };
    say(record, memory, statusOfPlan(plan));
    return SOON_MILLISECONDS;
  }

  async function carryOut(of: Rollout): Promise<number | undefined> {
    const { record, memory } = of;
    const plan = planOf(of);
    memory.seen = plan.seen;
    tell.stopped(record, plan.stopped, memory.status?.stopped ?? []);
    if (plan.do === "evict") return stepTo(plan, of);
    line.leave(record);
    memory.intended = undefined;
    say(record, memory, statusOfPlan(plan));
    if (plan.do === "nothing") return undefined;
    return plan.evicting ? SOON_MILLISECONDS : LATER_MILLISECONDS;
  }

  return {
    concern: (name) => {
      const record = caches.policies.get(keyOf(name));
      return (
        memories.has(keyOf(name)) || (record !== undefined && restarting(record) !== undefined)
      );
    },
    work: async (name) => {
      // Before anything is read, since all may change meanwhile.
      await findOwners(caches.index.claims(name.namespace), pods.pods(name.namespace));
      const key = keyOf(name);
      const record = caches.policies.get(key);
      const policy = record && restarting(record);
      if (!record || !policy) {
        memories.delete(key);
        line.leave(name);
        return undefined;
      }
      // An event follows when they are known.
      if (!pods.synced(record.namespace)) return undefined;
      return carryOut({ record, policy, memory: memoryOf(record, policy) });
    },
    status: (record) => {
      if (!restarting(record)) return undefined;
      const memory = memories.get(keyOf(record));
      return memory?.uid === record.uid ? memory.status : record.status?.rollout;
    },
    stop: objections.stop,
  };
}
