/** What a restart would bring: whether pods that are made now get the sidecar. Pure. */
import type { Reach } from "../webhook-configuration/webhook-proof.ts";
import type { NewPods } from "./restart-advice.ts";
import { isHeldBack, type Programmed } from "./status.ts";
import type { NamespaceExclusion } from "./why-namespace-excluded.ts";

/** What is known besides the condition Programmed, which tells of what comes first and of nothing behind it. */
export interface NewPodFacts extends NamespaceExclusion {
  /** Whether API servers get through to the webhook. */
  webhookReach: Reach;
  /** Milliseconds since the webhook configuration first listed the namespace; undefined: it does not. */
  listedForMilliseconds: number | undefined;
  /** Why the last write of that configuration has failed; undefined where it has not. */
  webhookUnwritten?: string | undefined;
}

/**
 * Whether new pods of the policy get the sidecar. An edit that is invalid or refused hides a label that opts the
 * namespace out and a webhook that nobody reaches: who restarted pods then took the sidecar from them. Where new pods
 * are about to get it they have it before they are restarted.
 */
export function newPods(programmed: Programmed, facts: NewPodFacts): NewPods {
  if (facts.excluded || facts.optedOut) return "never";
  if (programmed.state === "yes") return "injected";
  const isUnwritten =
    facts.webhookUnwritten !== undefined && facts.listedForMilliseconds === undefined;
  const isLater = isHeldBack(programmed) || facts.webhookReach.state !== "reachable" || isUnwritten;
  return isLater ? "injectedLater" : "injected";
}
