/** Counts what became of nudges, and says on a policy and in the log when its pods could not be told. */
import type { Logger } from "pino";
import { forgetOldest } from "../../bounds/forget-oldest.ts";
import { type EventSubject, policySubject } from "../events/event-object.ts";
import type { EventRecorder } from "../events/event-recorder.ts";
import { keyOf } from "../kube/kube-object.ts";
import { type NudgeResult, resultOf, whyNotNudged } from "./nudge-result.ts";

/** Of a policy the same is said again after so long. */
const AGAIN_MILLISECONDS = 3_600_000;
/** So many policies are remembered; more than fail at one time for different causes. */
export const MOST_REMEMBERED = 1_000;

/** A policy, as far as an Event names it. */
export type NudgedPolicy = { namespace: string } & Pick<EventSubject, "name" | "uid">;

/** Who is told. */
export interface TellNudgesOptions {
  events: Pick<EventRecorder, "record">;
  onResult: (result: NudgeResult) => void;
  log: Pick<Logger, "warn">;
}

/** What can be told of the nudge of one pod. */
export interface TellNudges {
  nudged(): void;
  /** There was no turn for it in time: the kubelet looks by itself. */
  leftOut(): void;
  failed(policy: NudgedPolicy, error: unknown): void;
}

/** Has said nothing yet. */
export function createTellNudges({ events, onResult, log }: TellNudgesOptions): TellNudges {
  const said = new Map<string, { why: string; at: number }>();

  /** Whether the same was said of the policy a while ago: all of its pods fail alike. */
  function wasSaid(policy: NudgedPolicy, why: string): boolean {
    const key = keyOf(policy);
    const now = performance.now();
    const before = said.get(key);
    if (before?.why === why && now - before.at < AGAIN_MILLISECONDS) return true;
    said.delete(key);
    forgetOldest(said, MOST_REMEMBERED);
    said.set(key, { why, at: now });
    return false;
  }

  return {
    nudged: () => onResult("nudged"),
    leftOut: () => onResult("left_out"),
    failed: (policy, error) => {
      const result = resultOf(error);
      onResult(result);
      if (result === "gone") return;
      const why = whyNotNudged(error);
      if (wasSaid(policy, why)) return;
      log.warn(
        { policy: keyOf(policy), why, err: error },
        "pods could not be nudged; their kubelets look within about a minute",
      );
      events.record({
        regarding: policySubject(policy),
        type: "Warning",
        reason: "NudgeFailed",
        message: `A change of the policy reaches running pods within about a minute instead of seconds, as ${why}.`,
      });
    },
  };
}
