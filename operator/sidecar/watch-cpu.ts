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

/** Something that keeps CPU from the sidecar, and where the kernel counts for how long. */
interface Hindrance {
  path: string;
  /** The seconds in the text of the file; undefined where it does not say it. */
  secondsIn: (text: string) => number | undefined;
  message: string;
  problem: string;
}

const THROTTLING: Hindrance = {
  // Where container runtimes mount a container's own control group, version 2, to be read.
  path: "/sys/fs/cgroup/cpu.stat",
  secondsIn: throttledSeconds,
  message: "sidecar throttled",
  problem:
    "its CPU limit holds it up, so that checks of healthy servers may end as CheckTimeout: " +
    "raise sidecar.resources.limits.cpu, or set a longer timing.interval, or name fewer dependencies",
};

const WAITING: Hindrance = {
  // Of the main thread, which does all checks.
  path: "/proc/self/schedstat",
  secondsIn: waitedSeconds,
  message: "sidecar waits for CPU",
  problem:
    "the node's CPUs are full, and its request is its share of them, so that checks of healthy servers may end as " +
    "ConnectTimeout or CheckTimeout: raise sidecar.resources.requests.cpu",
};

/** How long a control group was held up by its limit, from the text of its cpu.stat. */
export function throttledSeconds(text: string): number | undefined {
  const microseconds = /^throttled_usec (\d+)$/m.exec(text)?.[1];
  return microseconds === undefined ? undefined : Number(microseconds) / 1_000_000;
}

/**
 * How long a thread that could run has waited for a CPU, from the text of its schedstat: the second of three numbers,
 * after the time that it ran. Where that is 0 the kernel does not count.
 */
export function waitedSeconds(text: string): number | undefined {
  const nanoseconds = /^[1-9]\d* (\d+) \d+$/m.exec(text)?.[1];
  return nanoseconds === undefined ? undefined : Number(nanoseconds) / 1_000_000_000;
}

/** Periods of the kernel's in which the limit was in force, and in how many of them it was reached. */
interface Periods {
  all: number;
  throttled: number;
}

/** From the text of a cpu.stat; undefined where that does not say it. */
function periodsIn(text: string): Periods | undefined {
  const all = /^nr_periods (\d+)$/m.exec(text)?.[1];
  const throttled = /^nr_throttled (\d+)$/m.exec(text)?.[1];
  if (all === undefined || throttled === undefined) return undefined;
  return { all: Number(all), throttled: Number(throttled) };
}

/** What is told, and for tests other files and another clock. */
export interface WatchCpuOptions {
  log: Log;
  paths?: { throttling: string; waiting: string };
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

/** The limit from now on, in spans that the caller chooses. */
function followLimit(path: string) {
  let before = periodsIn(textOf(path));
  return {
    /** Whether it was what held the sidecar up since the last call; false where nobody says. */
    advance(): boolean {
      const last = before;
      before = periodsIn(textOf(path));
      if (before === undefined || last === undefined) return false;
      const all = before.all - last.all;
      return all > 0 && before.throttled - last.throttled >= all * BINDING_PART;
    },
  };
}

/** One hindrance from now on, in spans that the caller chooses. */
function follow({ path, secondsIn, message, problem }: Hindrance, log: Log) {
  const seconds = () => secondsIn(textOf(path));

  let before = seconds();
  let notableAt = Number.NEGATIVE_INFINITY;

  return {
    seconds,
    /** The seconds since the last call; 0 where nobody says, or the count has begun anew. */
    advance(): number {
      const last = before;
      before = seconds();
      return before === undefined || last === undefined ? 0 : Math.max(0, before - last);
    },
    /** It was notable, for this part of the span that ends at `at`. */
    note(part: number, at: number): void {
      if (at - notableAt > OVER_AFTER_MILLISECONDS) {
        log("warn", message, { percent: Math.round(part * 100), problem });
      }
      notableAt = at;
    },
  };
}

/** Watches from now on: a start takes more than the limit gives, and is nothing that a user has to mend. */
export function watchCpu(options: WatchCpuOptions): CpuWatch {
  const { log, paths, now = () => performance.now() } = options;
  const throttling = follow({ ...THROTTLING, path: paths?.throttling ?? THROTTLING.path }, log);
  const waiting = follow({ ...WAITING, path: paths?.waiting ?? WAITING.path }, log);
  const limit = followLimit(paths?.throttling ?? THROTTLING.path);
  let since = now();

  return {
    seconds: () => ({ throttled: throttling.seconds(), waited: waiting.seconds() }),
    look() {
      const at = now();
      const span = at - since;
      if (span < SPAN_MILLISECONDS) return;
      since = at;
      const partOf = (seconds: number) => (seconds * 1_000) / span;
      const throttled = partOf(throttling.advance());
      const waited = partOf(waiting.advance());
      const binds = limit.advance();
      const isLimit = binds || throttled >= NOTABLE_PART;
      // A kernel may count the time that the limit takes as waiting too. On a busy node a container of little weight
      // gets its share late in each period and is throttled for the rest alone: nearly all counts as waiting.
      const part = Math.max(throttled, waited);
      if (part >= NOTABLE_PART) (isLimit ? throttling : waiting).note(part, at);
    },
  };
}
