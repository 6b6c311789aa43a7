/** A log line about what fails again and again: at most once a minute, with how often it has failed since the last. */
import type { Logger } from "pino";

const WARNING_MILLISECONDS = 60_000;

/** To be called with each error; `failed` of the line counts it and those of which nothing was said. */
export function createPacedWarning(
  log: Pick<Logger, "warn">,
  message: string,
): (err: unknown) => void {
  let failed = 0;
  let warnedAt = Number.NEGATIVE_INFINITY;
  return (err) => {
    failed += 1;
    const now = performance.now();
    if (now - warnedAt < WARNING_MILLISECONDS) return;
    warnedAt = now;
    log.warn({ err, failed }, message);
    failed = 0;
  };
}
