/**
 * Says on what makes pods that they get the sidecar, or why not. The leader sees it in the pods themselves: so the
 * webhook, which answers in every replica and within milliseconds, writes nothing, and a dry run, of which no pod
 * comes, says nothing.
 */
import type { Claims } from "../../api/claims.ts";
import type { EffectivePolicy } from "../../api/effective-policy.ts";
import type { EventReason } from "../../api/event-reasons.ts";
import { forgetOldest } from "../../bounds/forget-oldest.ts";
import { currentRevisions } from "../../inject/revision.ts";
import type { PodRecord } from "../pods/pod-record.ts";
import type { EventRecorder } from "./event-recorder.ts";

/**
 * Pods tell of their injection for so long. A new leader, which sees all pods at once, so says no more than what the
 * last one may have missed; and what that one did say stands in the cluster still and is not written again.
 */
export const TELLS_MILLISECONDS = 300_000;
/** Things said that are remembered: with more of them, some are sent again, and found there. */
const MOST_REMEMBERED = 5_000;

/** The pods of a policy's namespace. */
export interface InjectionsLook {
  policy: EffectivePolicy;
  /** Of all policies of the namespace, by which it is known whose a pod is. */
  claims: Claims<EffectivePolicy>;
  /** All pods, those skipped that the policy cannot have. */
  pods: readonly PodRecord[];
}

/** Tells. */
export interface TellInjections {
  /** To be called whenever pods have changed. */
  look(look: InjectionsLook): void;
}

/** What is said of a pod. */
interface Said {
  reason: EventReason;
  message: string;
  once: string;
}

function injectedUnder({ name }: EffectivePolicy, revisions: readonly string[], pod: PodRecord) {
  const { policy, revision = "" } = pod.sidecar ?? {};
  // The annotations can hold any text; this one is of ours.
  if (policy !== name || !revisions.includes(revision)) return undefined;
  const message = `Pods get the sidecar of HealthPolicy ${name}.`;
  return { reason: "Injected", message, once: `${name}/${revision}` } satisfies Said;
}

/**
 * Not said: pods of Jobs never get a sidecar, and each run of a CronJob is another Job. Forty runs a minute would leave
 * no turn for the Events of an outage.
 */
const NOT_SAID = "RestartPolicy";

function skippedUnder({ policy, claims }: InjectionsLook, pod: PodRecord): Said | undefined {
  const { labels, sidecar, skipped } = pod;
  if (sidecar || !skipped || claims.owner(labels)?.name !== policy.name) {
    return undefined;
  }
  if (skipped.reason === NOT_SAID) return undefined;
  const message = `${skipped.reason}: ${skipped.message} HealthPolicy ${policy.name} matches it.`;
  return { reason: "InjectionSkipped", message, once: `${policy.name}/${skipped.reason}` };
}

/** What makes the pod; itself, where nothing does that can be named. */
function subjectOf({ controller, namespace, name, uid }: PodRecord) {
  return { apiVersion: "v1", kind: "Pod", name, uid, ...controller, namespace };
}

/** Has said nothing yet. */
export function createTellInjections(events: Pick<EventRecorder, "record">): TellInjections {
  const remembered = new Set<string>();

  /** Whether it is new. */
  function remember(key: string): boolean {
    if (remembered.has(key)) return false;
    forgetOldest(remembered, MOST_REMEMBERED);
    remembered.add(key);
    return true;
  }

  function tell(pod: PodRecord, said: Said | undefined): void {
    if (!said) return;
    const regarding = subjectOf(pod);
    if (!remember(`${regarding.uid}/${said.reason}/${said.once}`)) return;
    events.record({ regarding, type: "Normal", ...said });
  }

  return {
    look: (look) => {
      const since = Date.now() - TELLS_MILLISECONDS;
      const revisions = currentRevisions(look.policy);
      for (const pod of look.pods) {
        if (pod.created * 1_000 < since) continue;
        tell(pod, injectedUnder(look.policy, revisions, pod) ?? skippedUnder(look, pod));
      }
    },
  };
}
