/** Why a call to the API server has failed, for statuses, Events and logs. Pure. */
import { ApiError } from "./api-error.ts";

/** How the API server's own reasons look, such as `Forbidden`. */
const STATUS_REASON = /^[A-Za-z]{1,40}$/;

/** `403 Forbidden`: code and, if it is one, reason; a policy engine or another webhook can put any text into either. */
export function codeAndReason({ code, reason }: ApiError): string {
  return STATUS_REASON.test(reason) ? `${code} ${reason}` : `${code}`;
}

/** What was answered, without a text of whoever refused it. */
export function whyFailed(error: unknown): string {
  if (!(error instanceof ApiError)) return "the API server gave no answer";
  return `the API server answered ${codeAndReason(error)}`;
}
