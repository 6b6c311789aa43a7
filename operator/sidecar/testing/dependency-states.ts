/** Test fixture: dependencies as results have left them, and what they decide. */
import type { Impact } from "../../api/policy-file.ts";
import type { Reason } from "../../api/reasons.ts";
import { TIMING } from "../../api/testing/timing.ts";
import {
  afterResult,
  type CheckResult,
  type DependencyState,
  decide,
  type Judged,
  UNHEARD,
} from "../verdict.ts";

/** What a check comes to: success, or a reason. */
export type Step = "ok" | Reason;

const resultOf = (step: Step): CheckResult =>
  step === "ok" ? { ok: true } : { ok: false, reason: step };

/** The state after these results, one every interval. */
export function stateAfter(
  steps: Step[],
  { timing = TIMING, firstReady = false, from = UNHEARD, mayGate = true } = {},
): DependencyState {
  return steps.reduce((state, step, index) => {
    const at = { monotonic: index * 5_000, wall: 1_000_000 + index * 5_000 };
    return afterResult(state, resultOf(step), { at, timing, firstReady, mayGate });
  }, from);
}

/** The dependency `db` in this state; settled unless told otherwise. */
export function judged(state: DependencyState, impact: Impact = "Gate", settled = true): Judged {
  return { name: "db", impact, settled, state };
}

/** Whether a pod with this one dependency is ready. */
export const isReady = (dependency: Judged, firstReady: boolean) =>
  decide({ presence: "Present", firstReady, dependencies: [dependency] }).ready;
