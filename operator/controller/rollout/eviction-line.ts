/** Whose turn it is to evict a pod: namespaces take turns, each with its policies in turn. */
import type { NamespacedName } from "../../api/namespaced-name.ts";
import type { EvictionPace } from "./eviction-pace.ts";
import { MOST_QUESTIONS } from "./questions.ts";

/** Who waits comes by at least so often. */
const COME_BY_MILLISECONDS = 10_000;
/** The first in the line keeps all others waiting: gone for so long, it loses its place. */
const GONE_MILLISECONDS = 30_000;

/** The policies that wait for a turn. */
export interface EvictionLine {
  /**
   * The policy waits from now on, at the end of the line, or where it is. Milliseconds until it is to call again; 0:
   * there is a turn, and the policy near enough to it to have sidecars asked.
   */
  wait(policy: NamespacedName): number;
  /** Uses the turn up, if there is one and the policy is the first; its namespace then goes to the end. */
  take(policy: NamespacedName): boolean;
  /** Waits no more. It had its turn: where it was the first of its namespace, that goes to the end. */
  leave(policy: NamespacedName): void;
  /** Gives back the turn that was taken last: no pod went. The first in the line has it. */
  giveBack(): void;
}

interface Place {
  policy: NamespacedName;
  seen: number;
}

/** A line in which nobody waits. `onTurn` is called with who may have come to a turn and is to call again. */
export function createEvictionLine(
  pace: EvictionPace,
  onTurn: (policy: NamespacedName) => void,
): EvictionLine {
  /** By namespace and name, the first first. */
  const line = new Map<string, Map<string, Place>>();

  /** The next policy of each of the namespaces that are near enough to have sidecars asked. */
  function near(): Place[] {
    const places: Place[] = [];
    for (const [place] of [...line.values()].slice(0, MOST_QUESTIONS).map((of) => of.values())) {
      if (place) places.push(place);
    }
    return places;
  }

  const isThere = (place: Place | undefined, { namespace, name }: NamespacedName) =>
    place?.policy.namespace === namespace && place.policy.name === name;

  /** Those whose place is another one now. */
  function wake(): void {
    const places = near();
    const [first] = places;
    const last = places[MOST_QUESTIONS - 1];
    if (first) onTurn(first.policy);
    if (last) onTurn(last.policy);
  }

  function leave({ namespace, name }: NamespacedName): void {
    const places = line.get(namespace);
    if (!places?.has(name)) return;
    const [next] = places.keys();
    places.delete(name);
    if (next !== name) return;
    line.delete(namespace);
    if (places.size > 0) line.set(namespace, places);
    wake();
  }

  function come(policy: NamespacedName): void {
    const now = performance.now();
    const places = line.get(policy.namespace) ?? new Map<string, Place>();
    line.set(policy.namespace, places);
    places.set(policy.name, { policy, seen: now });
    const [first] = near();
    if (first && now - first.seen > GONE_MILLISECONDS) leave(first.policy);
  }

  return {
    wait: (policy) => {
      come(policy);
      const isNear = near().some((place) => isThere(place, policy));
      return isNear ? Math.min(pace.wait(), COME_BY_MILLISECONDS) : COME_BY_MILLISECONDS;
    },
    take: (policy) => {
      if (!isThere(near()[0], policy) || !pace.take()) return false;
      leave(policy);
      return true;
    },
    leave,
    giveBack: () => {
      pace.giveBack();
      wake();
    },
  };
}
