/** From the text of a review to the text of its answer. */
import { types } from "node:util";
import { type Answer, refusal } from "./answer.ts";
import { boundedPatch } from "./bounded-patch.ts";
import { type Decision, decideAdmission, type Knowledge } from "./decide-admission.ts";
import type { Log } from "./log.ts";
import type { WebhookMetrics } from "./metrics.ts";
import type { Operation } from "./patch.ts";
import { parseReview, type ReviewRequest, reviewAnswer } from "./review.ts";

/** Everything that answering needs. */
export interface AdmitOptions {
  knowledge: Knowledge;
  metrics: WebhookMetrics;
  log: Log;
}

/** The answer where something of ours failed: the pod goes ahead without a sidecar, and says so. */
const INTERNAL_ERROR: Decision = {
  result: "error",
  reason: "InternalError",
  warnings: [
    "healthpolicy: no sidecar was added, because of an error in the operator; see its log",
  ],
};

/** The answer where the patch would be larger than any that a pod can need; see `bounded-patch.ts`. */
const PATCH_TOO_LARGE: Decision = {
  result: "skipped",
  reason: "PatchTooLarge",
  warnings: [
    "healthpolicy: no sidecar was added, because the patch for the pod would be larger than 1 MiB",
  ],
};

/** Kind and place of an error, never its text, which could quote the pod. */
function describeError(error: unknown): { error: string; at?: string } {
  if (!types.isNativeError(error)) return { error: typeof error };
  const { name, message, stack = "" } = error;
  const start = stack.indexOf(message);
  if (start === -1) return { error: name };
  const [, at = ""] = stack.slice(start + message.length).split("\n");
  return { error: name, at: at.trim() };
}

function decideSafely(
  request: ReviewRequest,
  { knowledge, log }: AdmitOptions,
): { decision: Decision; operations: Operation[] } {
  try {
    const decision = decideAdmission(request, knowledge);
    const operations = decision.pod ? boundedPatch(request.pod, decision.pod) : [];
    return operations ? { decision, operations } : { decision: PATCH_TOO_LARGE, operations: [] };
  } catch (error) {
    log.error(
      // Not the uid, which whoever reaches the port may choose.
      { namespace: request.namespace, ...describeError(error) },
      "a pod was admitted without a sidecar, because deciding about it failed",
    );
    return { decision: INTERNAL_ERROR, operations: [] };
  }
}

/**
 * Answers the review in `text`: 400 for what is none, else 200 and always allowed. Never throws: an
 * error here must cost a pod its sidecar, never its creation.
 */
export function admit(text: string, options: AdmitOptions): Answer {
  const stopTimer = options.metrics.duration.startTimer();
  const parsed = parseReview(text);
  if ("refusal" in parsed) {
    const { reason, message } = parsed.refusal;
    options.metrics.injections.inc({ result: "refused", reason });
    return refusal(400, reason, message);
  }
  const { request } = parsed;
  const { decision, operations } = decideSafely(request, options);
  options.metrics.injections.inc({ result: decision.result, reason: decision.reason });
  const body = reviewAnswer(request.uid, operations, decision.warnings);
  stopTimer();
  return { status: 200, body };
}
