/**
 * Pure: whether a dependency that is down here is down for so many pods of the policy that this one stays ready. Peers
 * are asked for the results of their own checks, never for their readiness: a group that stays ready together would
 * else look well, and let itself go.
 */
import type { FleetConfig, MaxUnready } from "../../api/policy-file.ts";
import { heldBackMilliseconds, knownToAllMilliseconds, type Timing } from "../../api/timing.ts";

/** What the peers that were asked say of one dependency, this pod left out. */
export interface PeerCount {
  /** Those that answered and have a result of their own. */
  answered: number;
  /** Of them, those whose latest check failed, or for which it counts as down. */
  down: number;
  /** Those of which no answer came. One that answers and cannot tell is none of them, nor is one that hangs up. */
  silent: number;
}

/** What is known of a dependency that is down here. */
export type Share =
  /** Not yet whether others have it down too. It does not gate meanwhile, which has a bound. */
  | "Awaited"
  /** More pods than may be unready have it down. It does not gate. */
  | "Shared"
  /** Too few others have it down, or too many are silent. It gates. */
  | "Own";

/**
 * So many questions in a row have to find that a fault is not shared any more, or shared after all. One pod whose check
 * fails now and then, or one lost answer, would else let this pod go and take it back, again and again.
 */
const TURNS_AFTER = 3;

/** One dependency that is down here. Times are milliseconds of the monotonic clock. */
export interface FleetCase {
  /** When it began to gate, but for its peers. */
  since: number;
  share: Share;
  /** Questions in a row that speak against `share`, once that is found. */
  against: number;
  /** Whether the check here has failed since the last question that counted. */
  hasFailedSince: boolean;
}

const isNone = (maxUnready: MaxUnready) =>
  "percent" in maxUnready ? maxUnready.percent === 0 : maxUnready.pods === 0;

/**
 * Whether more pods have the dependency down than may be unready. A number is scaled: of 100 pods, 8 others are asked,
 * and of the 9 the share counts.
 */
export function isShared(
  { answered, down, silent }: PeerCount,
  { maxUnready, pods }: Pick<FleetConfig, "maxUnready" | "pods">,
): boolean {
  const known = answered + 1;
  // Silence is no sign of a shared fault: this pod may be cut off, together with those that answer.
  if (answered === 0 || silent >= known) return false;
  // Nor is a fault that no other has: one of nine is more than 10 %, and the pod of a dead link would serve for ever.
  if (down === 0 && !isNone(maxUnready)) return false;
  const have = down + 1;
  // In whole numbers, so that one half of the pods is no more than 50 %.
  if ("percent" in maxUnready) return have * 100 > maxUnready.percent * known;
  return have * Math.max(pods, known) > maxUnready.pods * known;
}

/**
 * The case after one more question; `shared` is what isShared made of its answers. One that speaks against what was
 * found counts only after another failed check here: where checks come later than questions, others are up again first,
 * and this pod may be too.
 */
export function afterQuestion(
  before: FleetCase,
  shared: boolean,
  { at, timing }: { at: number; timing: Timing },
): FleetCase {
  const found = shared ? "Shared" : "Own";
  if (before.share === "Awaited") {
    const allKnow = at - before.since >= knownToAllMilliseconds(timing);
    return shared || allKnow ? { ...before, share: found, hasFailedSince: false } : before;
  }
  if (before.share === found) return { ...before, against: 0, hasFailedSince: false };
  if (!before.hasFailedSince) return before;
  const against = before.against + 1;
  if (against < TURNS_AFTER) return { ...before, against, hasFailedSince: false };
  return { ...before, share: found, against: 0, hasFailedSince: false };
}

/** What counts at this moment: a question that was never answered for does not hold a pod in its Services. */
export function shareAt({ share, since }: FleetCase, at: number, timing: Timing): Share {
  return share === "Awaited" && at - since > heldBackMilliseconds(timing) ? "Own" : share;
}
