/**
 * Says when the CPU limit of the sidecar's own container holds it up. A policy can ask for more checks than the limit
 * pays for: then all of them end as CheckTimeout, and every word of it would be about servers that answer at once.
 */
import { readFileSync } from "node:fs";
import type { Log } from "./log.ts";

/** Where container runtimes mount a container's own control group, version 2, to be read. */
const CPU_STATISTICS = "/sys/fs/cgroup/cpu.stat";
/** Longer than a round of checks at the default interval takes: a burst that ends in time is no fault. */
const SPAN_MILLISECONDS = 10_000;
/** Held up for less than this part of a span, checks of a few seconds still end in time. */
const NOTABLE_PART = 1 / 3;
/** When it was not held up for so long it is over: the next time is said again. */
const OVER_AFTER_MILLISECONDS = 60_000;

const PROBLEM =
  "its CPU limit holds it up, so that checks of healthy servers may end as CheckTimeout: " +
  "raise sidecar.resources.limits.cpu, or set a longer timing.interval, or name fewer dependencies";

/** How long a control group was held up, from the text of its cpu.stat; undefined where that does not say it. */
export function throttledSeconds(text: string): number | undefined {
  const microseconds = /^throttled_usec (\d+)$/m.exec(text)?.[1];
  return microseconds === undefined ? undefined : Number(microseconds) / 1_000_000;
}

/** What is told, and for tests another file and clock. */
export interface WatchThrottlingOptions {
  log: Log;
  path?: string;
  /** Milliseconds of a clock that nobody sets. */
  now?: () => number;
}

/** What watches it. Neither throws. */
export interface ThrottlingWatch {
  /** To be called now and then; reads the file every ten seconds at most. */
  look(): void;
  /** For how many seconds in all the limit has held the sidecar up; undefined where nobody says. */
  seconds(): number | undefined;
}

/** Watches from now on: a start takes more than the limit gives, and is nothing that a user has to mend. */
export function watchThrottling(options: WatchThrottlingOptions): ThrottlingWatch {
  const { log, path = CPU_STATISTICS, now = () => performance.now() } = options;

  function seconds(): number | undefined {
    try {
      // Not by read-bounded.ts: the size of the kernel's files is 0. Nobody else writes this one.
      return throttledSeconds(readFileSync(path, "utf8"));
    } catch {
      // Version 1, no mount, or no right to read: there is nothing to watch.
      return undefined;
    }
  }

  let before = { at: now(), held: seconds() };
  let heldUpAt = Number.NEGATIVE_INFINITY;

  function note(part: number, at: number): void {
    if (part < NOTABLE_PART) return;
    if (at - heldUpAt > OVER_AFTER_MILLISECONDS) {
      log("warn", "sidecar throttled", { percent: Math.round(part * 100), problem: PROBLEM });
    }
    heldUpAt = at;
  }

  return {
    seconds,
    look() {
      const at = now();
      if (at - before.at < SPAN_MILLISECONDS) return;
      const held = seconds();
      if (held !== undefined && before.held !== undefined) {
        note(((held - before.held) * 1_000) / (at - before.at), at);
      }
      before = { at, held };
    },
  };
}
