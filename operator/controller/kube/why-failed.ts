/** Why a call to the API server has failed, for statuses, Events and logs. Pure. */
import { ApiError } from "./api-error.ts";

/** Status code and reason, and no text of a server: other webhooks write what they like into that. */
export function whyFailed(error: unknown): string {
  if (!(error instanceof ApiError)) return "the API server gave no answer";
  const reason = /^[A-Za-z]{1,40}$/.test(error.reason) ? ` ${error.reason}` : "";
  return `the API server answered ${error.code}${reason}`;
}
