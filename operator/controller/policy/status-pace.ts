/** When a status may be written, so that many changing pods do not turn into as many writes. */
import { createTokenBucket } from "../kube/token-bucket.ts";

/** Counts of one policy are written at most so often; a person who watches them reads no faster. */
export const COUNTS_MILLISECONDS = 5_000;
/**
 * Each of the two buckets: writes per second over all policies, as client-go gives the controllers of
 * kube-controller-manager (20). A storm of 500 policies is then over after 25 s.
 */
export const STATUS_WRITES_PER_SECOND = 20;
/** What may be written at once after a quiet time: a release of 50 policies does not wait at all. */
export const STATUS_WRITES_BURST = 50;

/** What a write is about: a condition, which does not wait for counts, or counts alone. */
export type Urgency = "condition" | "counts";

/** Turns of the policies, by their keys. */
export interface StatusPace {
  /** Milliseconds until the policy's turn; 0: it is now, and is used up by this. */
  wait(key: string, urgency: Urgency): number;
  /** The policy is gone. */
  forget(key: string): void;
}

interface Turn {
  urgency: Urgency;
  at: number;
}

/**
 * No policy has waited or written yet. Each policy holds one turn at most, so one that changes all the
 * time cannot keep others waiting; and conditions have a bucket of their own, so a storm of counts
 * cannot delay them.
 */
export function createStatusPace(): StatusPace {
  const options = { perSecond: STATUS_WRITES_PER_SECOND, burst: STATUS_WRITES_BURST };
  const buckets = { condition: createTokenBucket(options), counts: createTokenBucket(options) };
  const turns = new Map<string, Turn>();
  const written = new Map<string, number>();

  /** Milliseconds for which the counts of the policy are still fresh. */
  function fresh(key: string): number {
    const at = written.get(key) ?? Number.NEGATIVE_INFINITY;
    return Math.max(0, at + COUNTS_MILLISECONDS - performance.now());
  }

  function turnOf(key: string, urgency: Urgency): Turn {
    const held = turns.get(key);
    // A condition does not wait for the turn that counts were given.
    if (held && (held.urgency === "condition" || urgency === "counts")) return held;
    const turn = { urgency, at: buckets[urgency].take() };
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
    forget: (key) => {
      turns.delete(key);
      written.delete(key);
    },
  };
}
