/** What became of nudging a pod. Pure. */
import { NUDGE_ANNOTATION } from "../../api/names.ts";
import { ApiError } from "../kube/api-error.ts";
import { whyFailed } from "../kube/why-failed.ts";

/** The results, as the metric counts them. */
export const NUDGE_RESULTS = ["nudged", "gone", "refused", "left_out", "failed"] as const;

/** One of them. */
export type NudgeResult = (typeof NUDGE_RESULTS)[number];

/** The API server has taken the patch, and what it stored lacks it. */
export class NudgeUndone extends Error {}

/** Throws unless the pod that the API server answered with has the annotation: another webhook may take it away. */
export function expectNudged(answer: unknown, value: string): void {
  const { metadata } = (answer ?? {}) as { metadata?: { annotations?: Record<string, unknown> } };
  if (metadata?.annotations?.[NUDGE_ANNOTATION] !== value) {
    throw new NudgeUndone(`the pod has another ${NUDGE_ANNOTATION} than was written`);
  }
}

/**
 * Whether the pod is gone, or another of this name is there: as a patch cannot change a uid, the API server calls the
 * one that it names invalid. A conflict, 409, says neither: others wrote to the pod at that moment, again and again.
 */
function isGone({ code, fields }: ApiError): boolean {
  return code === 404 || (code === 422 && fields.includes("metadata.uid"));
}

/** Answers other than those of 5xx that another try may well not get. */
const PASSING: readonly number[] = [409, 429];

/** The result of a patch that has thrown this. */
export function resultOf(error: unknown): Exclude<NudgeResult, "nudged" | "left_out"> {
  if (error instanceof NudgeUndone) return "refused";
  if (!(error instanceof ApiError)) return "failed";
  if (isGone(error)) return "gone";
  return error.code < 500 && !PASSING.includes(error.code) ? "refused" : "failed";
}

/** The same in words, which end a sentence. */
export function whyNotNudged(error: unknown): string {
  if (error instanceof NudgeUndone) return "a webhook took the operator's annotation away again";
  return whyFailed(error);
}
