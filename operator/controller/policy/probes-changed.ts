/** What became of the app's own probes in the pods of a policy. Pure. */
import type { EffectivePolicy } from "../../api/effective-policy.ts";
import { MAX_CHANGED_PROBES } from "../../api/v1alpha1-status.ts";
import { alignsProbes } from "../../inject/probe-floors.ts";
import type { RaisedRecord } from "../../inject/raised-record.ts";

/** Numbers of pods, and the first few different entries of their records, sorted. */
export interface ProbesChanged {
  probesRaised: number;
  probesLeftAlone: number;
  raised?: string[];
  leftAlone?: string[];
}

/** Pods that came as they are. */
export const NO_PROBES_CHANGED: ProbesChanged = { probesRaised: 0, probesLeftAlone: 0 };

function different(records: readonly RaisedRecord[], part: keyof RaisedRecord): string[] {
  return [...new Set(records.flatMap((record) => record[part]))]
    .sort()
    .slice(0, MAX_CHANGED_PROBES);
}

/** The records of all pods together. Sorted, so that equal pods in another order are no change of the status. */
export function probesChanged(records: readonly RaisedRecord[]): ProbesChanged {
  const raised = different(records, "raised");
  const leftAlone = different(records, "leftAlone");
  return {
    probesRaised: records.filter((record) => record.raised.length > 0).length,
    probesLeftAlone: records.filter((record) => record.leftAlone.length > 0).length,
    ...(raised.length > 0 && { raised }),
    ...(leftAlone.length > 0 && { leftAlone }),
  };
}

/** Whether a status speaks of it: where it was asked for, and where it was done. */
export function isWorthTelling(
  { probesRaised, probesLeftAlone }: ProbesChanged,
  policy: EffectivePolicy,
): boolean {
  return alignsProbes(policy) || probesRaised + probesLeftAlone > 0;
}
