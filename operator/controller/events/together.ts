/** What many pods of one policy have in common is said once, with their number. */
import { forgetOldest } from "../../bounds/forget-oldest.ts";
import { createPace, type Pace } from "./pace.ts";
import type { PodTransition } from "./pod-transitions.ts";
import { manyPodsText } from "./transition-texts.ts";

/** Pods of one policy that have Events of their own, at once: as many as an example of a fault needs. */
export const OWN_EVENTS = 10;
/** And then one in so many milliseconds. */
const OWN_EVENT_MILLISECONDS = 6_000;
/** After the first of the others it is waited so long for more. */
export const GATHER_MILLISECONDS = 10_000;
/** And of one policy they are told so often at most. */
export const TOGETHER_MILLISECONDS = 60_000;
/** Pods with an Event that says they are unready; the one that says they are ready again belongs to it. */
const MOST_OWN = 1_000;
/** Different things that are told of one policy at one time, those of most pods. */
const MOST_TEXTS = 3;

type Transition = PodTransition<{ uid: string }>;
type Kind = Transition["to"];

/** What is to be said of pods together. */
export interface ToldTogether {
  to: Kind;
  /** `847 more pods: orders-db: ConnectionRefused` */
  text: string;
}

/** Gathers the transitions of one policy's pods. */
export interface Together {
  /** Whether the pod has an Event of its own; else it is gathered. `now` in milliseconds. */
  takeOwn(transition: Transition, now: number): boolean;
  /** It has been said of all pods: what was gathered of this dependency alone is not said again. */
  saidOfAll(to: Kind, name: string): void;
  /** What is to be said now, and no more after that. */
  due(now: number): ToldTogether[];
  /** Milliseconds until something is to be said; undefined: nothing is gathered. */
  wait(now: number): number | undefined;
}

interface Group {
  to: Kind;
  names: string[];
  text: string;
  pods: number;
}

/** Nothing has been gathered yet. */
export function createTogether(): Together {
  const pace: Pace = createPace({
    burst: OWN_EVENTS,
    milliseconds: OWN_EVENT_MILLISECONDS,
    most: 1,
  });
  const groups = new Map<string, Group>();
  let dueAt = Number.NEGATIVE_INFINITY;
  let toldAt = Number.NEGATIVE_INFINITY;

  /** Pods whose Event said that they are unready. */
  const own = new Set<string>();

  function remember({ to, pod }: Transition): void {
    if (to === "ready") return;
    forgetOldest(own, MOST_OWN);
    own.add(pod.uid);
  }

  function gather(transition: Transition, now: number): void {
    if (groups.size === 0)
      dueAt = Math.max(now + GATHER_MILLISECONDS, toldAt + TOGETHER_MILLISECONDS);
    const text = manyPodsText(transition);
    const key = `${transition.to} ${text}`;
    const names = transition.holds.map(({ name }) => name);
    const group = groups.get(key) ?? { to: transition.to, names, text, pods: 0 };
    group.pods += 1;
    groups.set(key, group);
  }

  const more = (pods: number) => (pods === 1 ? "1 more pod" : `${pods} more pods`);

  function textOf(to: Kind): ToldTogether[] {
    const ofKind = [...groups.values()].filter((group) => group.to === to);
    if (ofKind.length === 0) return [];
    const sorted = ofKind.toSorted((left, right) => right.pods - left.pods);
    const texts = sorted.slice(0, MOST_TEXTS).map(({ pods, text }) => `${more(pods)}: ${text}`);
    const rest = sorted.slice(MOST_TEXTS).reduce((sum, { pods }) => sum + pods, 0);
    const others = rest > 0 ? [`${more(rest)}: other reasons`] : [];
    return [{ to, text: [...texts, ...others].join("; ") }];
  }

  return {
    takeOwn: (transition, now) => {
      const completes = transition.to === "ready" && own.delete(transition.pod.uid);
      if (completes || pace.take("", now)) {
        remember(transition);
        return true;
      }
      gather(transition, now);
      return false;
    },
    saidOfAll: (to, name) => {
      for (const [key, group] of groups) {
        if (group.to === to && group.names.every((one) => one === name)) groups.delete(key);
      }
    },
    due: (now) => {
      if (groups.size === 0 || now < dueAt) return [];
      const told = [...textOf("unready"), ...textOf("ready")];
      groups.clear();
      toldAt = now;
      return told;
    },
    wait: (now) => (groups.size === 0 ? undefined : Math.max(0, dueAt - now)),
  };
}
