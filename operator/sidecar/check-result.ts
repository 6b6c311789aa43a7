/** How a check ended -> what is recorded of it. Pure. */
import { CheckError, type CheckSuccess } from "./checks/check.ts";
import { problemOfError } from "./checks/problem-of-error.ts";
import { reasonOfError } from "./checks/reason-of-error.ts";
import type { CheckResult } from "./verdict.ts";

/** Longest detail that is kept; a ring of 16 servers with the longest reasons fits. */
const MAX_DETAIL_LENGTH = 640;

type Failure = Extract<CheckResult, { ok: false }>;

/** A check that rejected with `error`; `deadlinePassed` says whether its deadline had ended it by then. */
export function failureResult(error: unknown, deadlinePassed: boolean): Failure {
  const detail =
    error instanceof CheckError ? error.detail?.slice(0, MAX_DETAIL_LENGTH) : undefined;
  // At the deadline only a check of several parts knows more than that time is up.
  if (deadlinePassed && detail === undefined) return { ok: false, reason: "CheckTimeout" };
  const problem = problemOfError(error);
  return { ok: false, reason: reasonOfError(error), detail, ...(problem && { problem }) };
}

/** A check that succeeded. */
export function successResult({ tls, detail }: CheckSuccess): CheckResult {
  return { ok: true, tls, detail: detail?.slice(0, MAX_DETAIL_LENGTH) };
}
