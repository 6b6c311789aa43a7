/** Conditions of policies: from what holds now to what a status says, with its times. Pure. */
import type { ConditionReason } from "../api/condition-reasons.ts";
import { MAX_MESSAGE_LENGTH } from "../api/limits.ts";
import type { Condition } from "../api/v1alpha1-conditions.ts";

/** A condition without its times. */
export type ConditionState = Pick<Condition, "status" | "message"> & { reason: ConditionReason };

function cut(text: string): string {
  if (text.length <= MAX_MESSAGE_LENGTH) return text;
  return `${text.slice(0, MAX_MESSAGE_LENGTH - 1)}…`;
}

/** A condition that holds. */
export const yes = (reason: ConditionReason, message: string): ConditionState => ({
  status: "True",
  reason,
  message,
});
/** One that does not. */
export const no = (reason: ConditionReason, message: string): ConditionState => ({
  status: "False",
  reason,
  message,
});
/** One of which nobody can say. */
export const unknown = (reason: ConditionReason, message: string): ConditionState => ({
  status: "Unknown",
  reason,
  message,
});

/** What the conditions of a status are about. */
export interface ConditionFacts {
  generation: number;
  /** The status as it stands, for the times of its conditions. */
  previous: { conditions?: Condition[] | undefined } | undefined;
  now: Date;
}

/** The conditions of these types; one keeps its time until its status changes. */
export function datedConditions(
  states: Readonly<Record<string, ConditionState>>,
  { generation, previous, now }: ConditionFacts,
): Condition[] {
  const before = new Map(previous?.conditions?.map((c) => [c.type, c]));
  return Object.entries(states).map(([type, state]) => {
    const old = before.get(type);
    return {
      type,
      ...state,
      message: cut(state.message),
      observedGeneration: generation,
      lastTransitionTime:
        old?.status === state.status
          ? old.lastTransitionTime
          : now.toISOString().replace(/\.\d+Z$/, "Z"),
    };
  });
}
