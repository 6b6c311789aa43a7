/** What to do about one policy, decided from all that was read about it. Pure. */
import { policyInForce, type Resolution } from "../../api/effective-policy.ts";
import type { RolloutStatus } from "../../api/v1alpha1-rollout-status.ts";
import type { HealthPolicyStatus } from "../../api/v1alpha1-status.ts";
import { IDLE_MILLISECONDS } from "../idle-time.ts";
import { isUntried, type Reach } from "../webhook-configuration/webhook-proof.ts";
import type { ConfigMapDue, ConfigMapFound } from "./apply-configmap.ts";
import { type NewPodFacts, newPods } from "./new-pods.ts";
import type { PodCounts } from "./pod-counts.ts";
import { hadConfigMap, heldBackBecause, saidUnreachable, wasProgrammed } from "./read-status.ts";
import { type Programmed, policyStatus } from "./status.ts";
import { whyNamespaceExcluded } from "./why-namespace-excluded.ts";

/** Each API server learns of the configuration by its own watch; measured 4 to 7 ms for one. */
const SEEN_BY_API_SERVERS_MILLISECONDS = 1_000;
/**
 * What is waited for takes a second as a rule. Where it lasts, it is looked at after a quarter of the time that it has
 * lasted: a collector or a replica that is away for an hour must not have each policy ask three times a second.
 */
const WAITING_LEAST_MILLISECONDS = 300;
const WAITING_MOST_MILLISECONDS = 10_000;
const WAITING_SHARE = 1 / 4;
/** When to look again, by what was found. */
const AGAIN_MILLISECONDS: Readonly<Record<Programmed["state"], number>> = {
  yes: IDLE_MILLISECONDS,
  excluded: IDLE_MILLISECONDS,
  // Every policy is called when what is known about the webhook changes.
  unproven: IDLE_MILLISECONDS,
  unreachable: IDLE_MILLISECONDS,
  // So it is when injection stops or goes on.
  imageNotPulled: IDLE_MILLISECONDS,
  // No event tells that somebody else's ConfigMap is gone.
  blocked: 5_000,
  // Reported as a failure as well, and tried again by the queue, with growing waits.
  refused: IDLE_MILLISECONDS,
  // An invalid policy, which an event brings on; any other after waitingTime().
  waiting: IDLE_MILLISECONDS,
};

/** What was read about a policy, before its replicas were asked. */
export interface PolicyFacts extends NewPodFacts {
  namespace: string;
  generation: number;
  resolution: Resolution;
  /** Undefined for a policy that has none: one of which nothing is in force, or of an excluded namespace. */
  configMap: ConfigMapFound | undefined;
  /** What would be written is what was last written, but for whom sidecars ask and who is let go. */
  keepsDelivered: boolean;
  /** Why nothing is injected although it could be: nodes cannot pull or start the sidecar's image. */
  whyStopped: string | undefined;
  /** What is said while injection goes on and nothing has shown that nodes can pull and start that image. */
  whyUnproven: string | undefined;
  /** Undefined while the pods of the namespace are not known yet; an event follows when they are. */
  counts: PodCounts | undefined;
  /** How far a rollout is; undefined: there is nothing to say of one. */
  rollout?: RolloutStatus | undefined;
  /** The status as it stands. */
  previous: HealthPolicyStatus | undefined;
  /** For how long the policy has been waiting in this generation. */
  waitedMilliseconds: number;
  now: Date;
}

/** What the replicas of the operator answered. */
export interface ReplicaFacts {
  /** Whether the operator's own pods are known. */
  known: boolean;
  /** How many are ready. */
  ready: number;
  /** Names of those of them that do not inject this generation yet. */
  without: string[];
}

/** What to do once the ConfigMap is written. */
export interface PolicyPlan {
  /** Set: the status as it should be. */
  status?: HealthPolicyStatus;
  /** Whether something is waited for, of which no event tells. */
  waits: boolean;
  /** When to look again, in milliseconds. */
  againMilliseconds: number;
}

function waiting(message: string): Programmed {
  return { state: "waiting", message };
}

function excluded(facts: PolicyFacts): Programmed | undefined {
  const message = whyNamespaceExcluded(facts.namespace, facts);
  return message === undefined ? undefined : { state: "excluded", message };
}

/** Why no pod may follow the ConfigMap yet. */
function withoutConfigMap({ configMap, previous }: PolicyFacts): Programmed | undefined {
  if (configMap?.state === "waiting" || configMap?.state === "blocked") return configMap;
  if (configMap?.state === "refused") {
    const { state, message, stands = hadConfigMap(previous) } = configMap;
    return { state, message, stands };
  }
  return undefined;
}

/** Every replica holds the policy back until it has seen another status than the one that says so. */
function heldBackUntilNow({ previous }: PolicyFacts): Programmed | undefined {
  const reason = heldBackBecause(previous);
  if (!reason) return undefined;
  const isImage = reason === "ImageNotPulled";
  return waiting(isImage ? "Injection goes on." : "The ConfigMap has just been written.");
}

/** Why new pods are not to be injected, though they could be; a policy of which nothing is in force reaches none. */
function stopped({ whyStopped, resolution }: PolicyFacts): Programmed | undefined {
  if (whyStopped === undefined || !policyInForce(resolution)) return undefined;
  return { state: "imageNotPulled", message: whyStopped };
}

/** Why new pods are not injected, or follow an older ConfigMap. */
function notInjected(facts: PolicyFacts): Programmed | undefined {
  const missing = withoutConfigMap(facts);
  const stop = stopped(facts);
  // While an edit is refused and what was written before stands, pods go on being injected: a stop has to be said.
  const isInjected = missing?.state === "refused" && missing.stands;
  return isInjected ? (stop ?? missing) : (missing ?? stop);
}

/** What is said until API servers have the configuration. A write that is refused may be refused for ever. */
function onItsWay({ webhookUnwritten: why }: PolicyFacts): Programmed {
  if (why === undefined) {
    return waiting("The webhook configuration is on its way to the API servers.");
  }
  return waiting(`The webhook configuration could not be written: ${why}.`);
}

/** A new leader goes on saying what the last one found, until it has tried: else the reason turned twice with each. */
function unproven(
  reach: Extract<Reach, { state: "unknown" }>,
  previous: HealthPolicyStatus | undefined,
): Programmed {
  const message = isUntried(reach) ? saidUnreachable(previous) : undefined;
  return message === undefined
    ? { ...reach, state: "unproven" }
    : { state: "unreachable", message };
}

/** Whether admission knows the policy, as far as that can be told without asking the replicas. */
function programmedUnasked(facts: PolicyFacts): Programmed | undefined {
  if (facts.excluded) return excluded(facts);
  const without = notInjected(facts) ?? heldBackUntilNow(facts);
  if (without) return without;
  // What is in force stays so; the status says that it is not what the policy asks for.
  if ("invalid" in facts.resolution) return waiting("");
  // After the ConfigMap: the label ends injection, but running pods with a sidecar still follow the policy,
  // so that their ConfigMap goes on being written.
  if (facts.optedOut) return excluded(facts);
  if (facts.webhookReach.state === "unreachable") return facts.webhookReach;
  // Else, once true it stays true for this generation. A replica that starts later cannot make it false:
  // it gets ready only when its cache is full.
  if (wasProgrammed(facts.previous, facts.generation)) return { state: "yes" };
  if (facts.webhookReach.state === "unknown") return unproven(facts.webhookReach, facts.previous);
  if ((facts.listedForMilliseconds ?? 0) >= SEEN_BY_API_SERVERS_MILLISECONDS) return undefined;
  return onItsWay(facts);
}

/** Whether the plan depends on what the replicas answer. */
export function needsReplicas(facts: PolicyFacts): boolean {
  return programmedUnasked(facts) === undefined;
}

function programmedByReplicas({ known, ready, without }: ReplicaFacts): Programmed {
  if (!known) return waiting("The replicas of the operator are being looked for.");
  if (ready === 0) return waiting("No replica of the operator is ready.");
  if (without.length === 0) return { state: "yes" };
  return waiting(`Waiting for replicas of the operator to know the policy: ${without.join(", ")}.`);
}

/**
 * Set: write the ConfigMap over what was found. That of an invalid policy stays as it is, since it holds what is in
 * force. Only what it says of pods goes on following them: the addresses of pods that are gone answer nothing, and all
 * would leave in a shared fault. Where there is no ConfigMap, new pods would have nothing to follow.
 */
export function configMapToWrite({
  configMap,
  resolution,
  keepsDelivered,
}: PolicyFacts): ConfigMapDue | undefined {
  if (configMap?.state !== "due") return undefined;
  const isDue = "policy" in resolution || keepsDelivered || !configMap.stands;
  return isDue ? configMap : undefined;
}

function waitingTime({ waitedMilliseconds }: PolicyFacts): number {
  const share = waitedMilliseconds * WAITING_SHARE;
  return Math.min(Math.max(WAITING_LEAST_MILLISECONDS, share), WAITING_MOST_MILLISECONDS);
}

/**
 * Whether something is waited for, of which no event tells. An invalid policy waits for an event: were that time
 * counted, what follows would be looked at every 10 s.
 */
function isAwaiting({ resolution }: PolicyFacts, { state }: Programmed): boolean {
  return state === "waiting" && "policy" in resolution;
}

/** The plan; `replicas` are those that were asked, none where that was not needed. */
export function policyPlan(facts: PolicyFacts, replicas: ReplicaFacts): PolicyPlan {
  const { namespace, generation, resolution, configMap, counts, rollout, previous, now } = facts;
  const { whyUnproven } = facts;
  const programmed = programmedUnasked(facts) ?? programmedByReplicas(replicas);
  const waits = isAwaiting(facts, programmed);
  const again = waits ? waitingTime(facts) : AGAIN_MILLISECONDS[programmed.state];
  const due = configMap?.state === "current" ? configMap.dueMilliseconds : again;
  const status = counts && {
    status: policyStatus({
      namespace,
      generation,
      resolution,
      counts,
      programmed,
      newPods: newPods(programmed, facts),
      whyUnproven,
      rollout,
      previous,
      now,
    }),
  };
  return {
    // Without counts the status stays as it is: a new leader would say that there are no pods.
    ...status,
    waits,
    againMilliseconds: Math.min(again, due),
  };
}
