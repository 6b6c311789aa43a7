/** Ends waits. Every wait of a check is raced with a signal, so that no peer can make it last. */
import type { Reason } from "../../api/reasons.ts";
import { CheckError } from "./check.ts";

/** A signal with a time limit of its own. */
export interface LimitedSignal {
  signal: AbortSignal;
  /** Ends the timer; to be called in a `finally`. */
  clear(): void;
}

/**
 * A signal that fires after `milliseconds` with a CheckError of `reason`, or with CheckTimeout as soon
 * as `parent` fires. Its reason is always a CheckError.
 */
export function limitSignal(
  parent: AbortSignal,
  limit: { milliseconds: number; reason: Reason },
): LimitedSignal {
  const controller = new AbortController();
  const onParent = () => controller.abort(new CheckError("CheckTimeout"));
  const timer = setTimeout(
    () => controller.abort(new CheckError(limit.reason)),
    Math.max(0, limit.milliseconds),
  );
  if (parent.aborted) onParent();
  else parent.addEventListener("abort", onParent);
  return {
    signal: controller.signal,
    clear() {
      clearTimeout(timer);
      parent.removeEventListener("abort", onParent);
    },
  };
}

/** What a wait rejects with once `signal` has fired. */
export function abortError(signal: AbortSignal): CheckError {
  return signal.reason instanceof CheckError ? signal.reason : new CheckError("CheckTimeout");
}

/**
 * Settles as `promise` does, or rejects with a CheckError when `signal` fires first. What `promise`
 * does later is ignored, rejections included.
 */
export async function raceAbort<T>(promise: Promise<T>, signal: AbortSignal): Promise<T> {
  let onAbort = () => {};
  const aborted = new Promise<never>((_, reject) => {
    onAbort = () => reject(abortError(signal));
    if (signal.aborted) onAbort();
    else signal.addEventListener("abort", onAbort);
  });
  try {
    return await Promise.race([promise, aborted]);
  } finally {
    signal.removeEventListener("abort", onAbort);
  }
}
