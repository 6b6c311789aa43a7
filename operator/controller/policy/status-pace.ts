/** When a status may be written, so that many changing pods do not turn into as many writes. */
import { createTokenBucket, type TokenBucket } from "../kube/token-bucket.ts";

/** Counts of one policy are written at most so often; a person who watches them reads no faster. */
export const COUNTS_MILLISECONDS = 5_000;
/**
 * Each of the two buckets: writes per second over all policies, as client-go gives the controllers of
 * kube-controller-manager (20). A storm of 500 policies is then over after 25 s, of one namespace after 45 s.
 */
export const STATUS_WRITES_PER_SECOND = 20;
/** What may be written at once after a quiet time: a release of 50 policies does not wait at all. */
export const STATUS_WRITES_BURST = 50;

/**
 * Of them, those of one namespace. Else whoever has hundreds of policies there, and edits what they hang on, would hold
 * up everybody's conditions by half a minute and for as long as he likes, and with them each stop of injection.
 */
export const NAMESPACE_WRITES_PER_SECOND = STATUS_WRITES_PER_SECOND / 2;

/**
 * A turn that was left is lost so long after it was due. Kept for ever, those of an edit that was taken back would all
 * be used at once by the next edit; lost at once, a status that changes and changes back would use up one after the
 * other.
 */
const LEFT_TURN_MILLISECONDS = 5_000;

/** What a write is about: a condition, which does not wait for counts, or counts alone. */
export type Urgency = "condition" | "counts";

/** Turns of the policies, by their keys. */
export interface StatusPace {
  /** Milliseconds until the policy's turn; 0: it is now, and is used up by this. */
  wait(key: string, urgency: Urgency): number;
  /** The policy has nothing to write now: a turn that it waits for is not kept for long. */
  leave(key: string): void;
  /** The policy is gone. */
  forget(key: string): void;
}

interface Turn {
  urgency: Urgency;
  at: number;
  /** It is one of all turns; before, it is one of its namespace's. */
  isOfAll: boolean;
  /** The policy had nothing to write when it was looked at last. */
  isLeft?: boolean;
}

type Buckets = Record<Urgency, TokenBucket>;

function createBuckets(perSecond: number): Buckets {
  const options = { perSecond, burst: STATUS_WRITES_BURST };
  return { condition: createTokenBucket(options), counts: createTokenBucket(options) };
}

/** What has no namespace is a group by itself. */
const namespaceOf = (key: string): string => key.split("/", 1)[0] ?? "";

/** The buckets of each namespace. */
function createNamespaceBuckets(): (namespace: string) => Buckets {
  const known = new Map<string, Buckets>();
  return (namespace) => {
    const held = known.get(namespace);
    if (held) return held;
    // Not when a policy is gone: who makes and deletes policies all the time would have a new burst for each.
    for (const [idle, { condition, counts }] of known) {
      if (condition.isFull() && counts.isFull()) known.delete(idle);
    }
    const made = createBuckets(NAMESPACE_WRITES_PER_SECOND);
    known.set(namespace, made);
    return made;
  };
}

/**
 * No policy has waited or written yet. Each policy holds one turn at most, so one that changes all the
 * time cannot keep others waiting; nor can a namespace, whose policies wait for each other before they wait with all;
 * and conditions have a bucket of their own, so a storm of counts cannot delay them.
 */
export function createStatusPace(): StatusPace {
  const ofNamespace = createNamespaceBuckets();
  const ofAll = createBuckets(STATUS_WRITES_PER_SECOND);
  const turns = new Map<string, Turn>();
  const written = new Map<string, number>();

  /** Milliseconds for which the counts of the policy are still fresh. */
  function fresh(key: string): number {
    const at = written.get(key) ?? Number.NEGATIVE_INFINITY;
    return Math.max(0, at + COUNTS_MILLISECONDS - performance.now());
  }

  function heldTurn(key: string): Turn | undefined {
    const turn = turns.get(key);
    const isLost = turn?.isLeft === true && turn.at + LEFT_TURN_MILLISECONDS <= performance.now();
    return isLost ? undefined : turn;
  }

  function ownTurn(key: string, urgency: Urgency): Turn {
    const held = heldTurn(key);
    // A condition does not wait for the turn that counts were given.
    if (held && (held.urgency === "condition" || urgency === "counts")) {
      return { ...held, isLeft: false };
    }
    return { urgency, at: ofNamespace(namespaceOf(key))[urgency].take(), isOfAll: false };
  }

  function turnOf(key: string, urgency: Urgency): Turn {
    const own = ownTurn(key, urgency);
    const isNext = !own.isOfAll && own.at <= performance.now();
    const turn = isNext ? { ...own, at: ofAll[own.urgency].take(), isOfAll: true } : own;
    turns.set(key, turn);
    return turn;
  }

  return {
    wait: (key, urgency) => {
      const left = urgency === "counts" ? fresh(key) : 0;
      if (left > 0) return left;
      const { at } = turnOf(key, urgency);
      // The clock is read after the turn was taken, so that a turn given at this moment counts as due.
      const now = performance.now();
      if (at > now) return at - now;
      turns.delete(key);
      written.set(key, now);
      return 0;
    },
    leave: (key) => {
      const turn = turns.get(key);
      if (turn) turns.set(key, { ...turn, isLeft: true });
    },
    forget: (key) => {
      turns.delete(key);
      written.delete(key);
    },
  };
}
