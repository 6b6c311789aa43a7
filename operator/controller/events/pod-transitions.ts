/**
 * Which pods a dependency has made unready, and which are ready again: told from how all pods of a policy stand, one
 * look after the other.
 */
import type { Reason } from "../../api/reasons.ts";

/** A dependency that keeps a pod unready. */
export interface Hold {
  name: string;
  reason: Reason;
  /** Since when, in milliseconds since 1970. */
  since: number;
}

/** How a pod stands. */
export interface PodLook<P> {
  pod: P;
  ready: boolean;
  /** What keeps it unready, as far as its sidecar has said; empty while it has not. */
  holds: readonly Hold[];
}

/** A pod whose readiness has changed because of dependencies. */
export interface PodTransition<P> {
  to: "unready" | "ready";
  pod: P;
  /** Those that keep it unready, or have done so; at least one. */
  holds: readonly Hold[];
}

/** Compares looks. */
export interface PodTransitions<P> {
  /** What has changed since the last look; `looks` are all pods of the policy. */
  look(looks: readonly PodLook<P>[]): PodTransition<P>[];
}

interface Unready {
  told: boolean;
  holds: readonly Hold[];
}

/**
 * Has looked at nothing yet. What is unready at the first look was told by whoever looked before, the last leader:
 * it is not told again, only that it is ready again.
 */
export function createPodTransitions<P extends { uid: string }>(): PodTransitions<P> {
  let unready = new Map<string, Unready>();
  let isFirst = true;

  function turnedReady({ pod }: PodLook<P>): PodTransition<P>[] {
    const { holds = [] } = unready.get(pod.uid) ?? {};
    return holds.length > 0 ? [{ to: "ready", pod, holds }] : [];
  }

  /** How the pod is remembered, and whether there is something to tell of it now. */
  function nowUnready({ pod, holds }: PodLook<P>): {
    entry: Unready;
    transitions: PodTransition<P>[];
  } {
    const { told, holds: before } = unready.get(pod.uid) ?? { told: isFirst, holds: [] };
    if (holds.length === 0) return { entry: { told, holds: before }, transitions: [] };
    return {
      entry: { told: true, holds },
      transitions: told ? [] : [{ to: "unready", pod, holds }],
    };
  }

  return {
    look: (looks) => {
      // Pods that are gone are not in the next one.
      const next = new Map<string, Unready>();
      const transitions = looks.flatMap((one) => {
        if (one.ready) return turnedReady(one);
        const { entry, transitions: told } = nowUnready(one);
        next.set(one.pod.uid, entry);
        return told;
      });
      unready = next;
      isFirst = false;
      return transitions;
    },
  };
}
