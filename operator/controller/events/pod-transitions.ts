/**
 * Which pods a dependency has made unready, and which are ready again: told from how all pods of a policy stand, one
 * look after the other.
 */
import type { Reason } from "../../api/reasons.ts";
import {
  type DeclaredDependencies,
  type DeclaredDependency,
  mayHaveLetGo,
  mayMakeUnready,
} from "./declared-dependencies.ts";

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
  /** What has changed since the last look; `looks` are all pods of the policy, `declared` what it says now. */
  look(looks: readonly PodLook<P>[], declared: DeclaredDependencies): PodTransition<P>[];
}

interface Held {
  hold: Hold;
  /** As it was when the pod first said so. */
  declared: DeclaredDependency;
}

interface Unready {
  told: boolean;
  held: readonly Held[];
}

/**
 * Has looked at nothing yet. What is unready at the first look was told by whoever looked before, the last leader:
 * it is not told again, only that it is ready again.
 */
export function createPodTransitions<P extends { uid: string }>(): PodTransitions<P> {
  let unready = new Map<string, Unready>();
  let isFirst = true;

  /** A pod that an edit has let go says nothing of the dependency, which may be down as before. */
  function turnedReady({ pod }: PodLook<P>, declared: DeclaredDependencies): PodTransition<P>[] {
    const { held = [] } = unready.get(pod.uid) ?? {};
    const holds = held.flatMap(({ hold, declared: before }) =>
      mayHaveLetGo(before, declared.get(hold.name)) ? [] : [hold],
    );
    return holds.length > 0 ? [{ to: "ready", pod, holds }] : [];
  }

  function heldNow(
    holds: readonly Hold[],
    { before, declared }: { before: readonly Held[]; declared: DeclaredDependencies },
  ): Held[] {
    return holds.flatMap((hold) => {
      const now = declared.get(hold.name);
      if (!mayMakeUnready(now)) return [];
      const earlier = before.find((one) => one.hold.name === hold.name);
      return [{ hold, declared: earlier?.declared ?? now }];
    });
  }

  /** How the pod is remembered, and whether there is something to tell of it now. */
  function nowUnready(
    { pod, holds: said }: PodLook<P>,
    declared: DeclaredDependencies,
  ): { entry: Unready; transitions: PodTransition<P>[] } {
    const { told, held: before } = unready.get(pod.uid) ?? { told: isFirst, held: [] };
    const held = heldNow(said, { before, declared });
    if (held.length === 0) return { entry: { told, held: before }, transitions: [] };
    const holds = held.map(({ hold }) => hold);
    return {
      entry: { told: true, held },
      transitions: told ? [] : [{ to: "unready", pod, holds }],
    };
  }

  return {
    look: (looks, declared) => {
      // Pods that are gone are not in the next one.
      const next = new Map<string, Unready>();
      const transitions = looks.flatMap((one) => {
        if (one.ready) return turnedReady(one, declared);
        const { entry, transitions: told } = nowUnready(one, declared);
        next.set(one.pod.uid, entry);
        return told;
      });
      unready = next;
      isFirst = false;
      return transitions;
    },
  };
}
