/**
 * Says when the sidecar is without CPU, since its limit holds it up or its node has none left. Then all of its checks
 * may end as ConnectTimeout or CheckTimeout, and every word of it would be about servers that answer at once.
 */
import { readFileSync } from "node:fs";
import type { Log } from "./log.ts";

/** Longer than a round of checks at the default interval takes: a burst that ends in time is no fault. */
const SPAN_MILLISECONDS = 10_000;
/** Without CPU for less than this part of a span, checks of a few seconds still end in time. */
const NOTABLE_PART = 1 / 3;
/**
 * The limit is what holds it up where it is reached in so many of the kernel's periods. On a busy node, with a request
 * of 10m and a limit of 100m, a loop that never ended reached it in 107 of 111, and 9.2 of 10 s counted as waiting, 0.7
 * as held up; 60 ms of CPU in each second reached it in 51 of 67.
 */
const BINDING_PART = 1 / 2;
/** When it was not without it for so long it is over: the next time is said again. */
const OVER_AFTER_MILLISECONDS = 60_000;

/** Where the kernel counts. */
const PATHS = {
  // Where container runtimes mount a container's own control group, version 2, to be read.
  throttling: "/sys/fs/cgroup/cpu.stat",
  // Of the main thread, which does all checks.
  waiting: "/proc/self/schedstat",
};

/** What is said of something that keeps CPU from the sidecar. */
interface Hindrance {
  message: string;
  problem: string;
}

const THROTTLING: Hindrance = {
  message: "sidecar throttled",
  problem:
    "its CPU limit holds it up, so that checks of healthy servers may end as CheckTimeout: " +
    "raise sidecar.resources.limits.cpu, or set a longer timing.interval, or name fewer dependencies",
};

const WAITING: Hindrance = {
  message: "sidecar waits for CPU",
  problem:
    "the node's CPUs are full, and its request is its share of them, so that checks of healthy servers may end as " +
    "ConnectTimeout or CheckTimeout: raise sidecar.resources.requests.cpu",
};

/** One count out of the text of a cpu.stat; undefined where that does not say it. */
function countIn(text: string, name: string): number | undefined {
  const count = new RegExp(`^${name} (\\d+)$`, "m").exec(text)?.[1];
  return count === undefined ? undefined : Number(count);
}

/** How long a control group was held up by its limit, from the text of its cpu.stat. */
export function throttledSeconds(text: string): number | undefined {
  const microseconds = countIn(text, "throttled_usec");
  return microseconds === undefined ? undefined : microseconds / 1_000_000;
}

/**
 * How long a thread that could run has waited for a CPU, from the text of its schedstat: the second of three numbers,
 * after the time that it ran. Where that is 0 the kernel does not count.
 */
export function waitedSeconds(text: string): number | undefined {
  const nanoseconds = /^[1-9]\d* (\d+) \d+$/m.exec(text)?.[1];
  return nanoseconds === undefined ? undefined : Number(nanoseconds) / 1_000_000_000;
}

/** What is told, and for tests other files and another clock. */
export interface WatchCpuOptions {
  log: Log;
  paths?: typeof PATHS;
  /** Milliseconds of a clock that nobody sets. */
  now?: () => number;
}

/** For how many seconds in all the limit held it up, and it waited for a CPU; undefined where nobody says. */
export interface CpuSeconds {
  throttled: number | undefined;
  waited: number | undefined;
}

/** What watches it. Neither throws. */
export interface CpuWatch {
  /** To be called now and then; reads the files every ten seconds at most. */
  look(): void;
  seconds(): CpuSeconds;
}

/** Empty where there is no such file, as in version 1, or no right to read it: there is nothing to watch. */
function textOf(path: string): string {
  try {
    // Not by read-bounded.ts: the size of the kernel's files is 0. Nobody else writes these.
    return readFileSync(path, "utf8");
  } catch {
    return "";
  }
}

/** All that the kernel has counted so far. */
interface Counts extends CpuSeconds {
  /** Periods of the kernel's in which the limit was in force. */
  periods: number | undefined;
  /** In how many of them it was reached. */
  throttledPeriods: number | undefined;
}

function readCounts({ throttling, waiting }: typeof PATHS): Counts {
  const ofLimit = textOf(throttling);
  return {
    throttled: throttledSeconds(ofLimit),
    waited: waitedSeconds(textOf(waiting)),
    periods: countIn(ofLimit, "nr_periods"),
    throttledPeriods: countIn(ofLimit, "nr_throttled"),
  };
}

/** By how much a count has grown; 0 where nobody says, or it has begun anew. */
function growth(before: number | undefined, now: number | undefined): number {
  return before === undefined || now === undefined ? 0 : Math.max(0, now - before);
}

/** Whether the limit was what held the sidecar up between two readings; false where nobody says. */
function limitBinds(before: Counts, now: Counts): boolean {
  const all = growth(before.periods, now.periods);
  return all > 0 && growth(before.throttledPeriods, now.throttledPeriods) >= all * BINDING_PART;
}

/** To be called with the part of a span that was notable, and when the span ended: says so, once while it lasts. */
function createNote({ message, problem }: Hindrance, log: Log): (part: number, at: number) => void {
  let notableAt = Number.NEGATIVE_INFINITY;
  return (part, at) => {
    if (at - notableAt > OVER_AFTER_MILLISECONDS) {
      log("warn", message, { percent: Math.round(part * 100), problem });
    }
    notableAt = at;
  };
}

/** Watches from now on: a start takes more than the limit gives, and is nothing that a user has to mend. */
export function watchCpu(options: WatchCpuOptions): CpuWatch {
  const { log, paths = PATHS, now = () => performance.now() } = options;
  const noteThrottling = createNote(THROTTLING, log);
  const noteWaiting = createNote(WAITING, log);
  let since = now();
  let before = readCounts(paths);

  return {
    seconds() {
      const { throttled, waited } = readCounts(paths);
      return { throttled, waited };
    },
    look() {
      const at = now();
      const span = at - since;
      if (span < SPAN_MILLISECONDS) return;
      since = at;
      const last = before;
      before = readCounts(paths);
      const throttled = (growth(last.throttled, before.throttled) * 1_000) / span;
      const waited = (growth(last.waited, before.waited) * 1_000) / span;
      // A kernel may count the time that the limit takes as waiting too. On a busy node a container of little weight
      // gets its share late in each period and is throttled for the rest alone: nearly all counts as waiting.
      const part = Math.max(throttled, waited);
      if (part < NOTABLE_PART) return;
      const isLimit = throttled >= NOTABLE_PART || limitBinds(last, before);
      (isLimit ? noteThrottling : noteWaiting)(part, at);
    },
  };
}
