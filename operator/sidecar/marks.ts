/**
 * What a restart of the sidecar alone must not forget, kept in an emptyDir that lives as long as the
 * pod. Without it a restarted sidecar would take a rotated password for a wrong one and empty a
 * Service that works.
 */
import { renameSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { MODES, type Mode } from "../api/policy-file.ts";
import type { Timeouts } from "../api/timing.ts";
import type { Log } from "./log.ts";
import { readBounded } from "./read-bounded.ts";

/** Name of the file under the state directory. */
export const MARKS_FILE = "marks.json";
/** More than the settled contents of a policy of the greatest size. */
const MAX_BYTES = 524_288;

/** A dependency that has been up in this pod. */
export interface SettledMark {
  /** What the policy said of it then. */
  content: string;
  /** Where it was then, as a fingerprint, where a Secret has a say in that. */
  target?: string | undefined;
}

/** All that is kept. */
export interface Marks {
  /** When the sidecar first started in this pod, in milliseconds since the epoch. */
  podStartedAt: number;
  /** The policy file has been there. */
  policySeen: boolean;
  /** The pod's sidecar has been ready. */
  firstReady: boolean;
  /** It would have been, had every policy been enforced: what a dry run counts from. */
  firstPassed: boolean;
  /** By name, for each dependency that has been up with the content that it has now. */
  settled: Record<string, SettledMark>;
  /** The times of the policy last in force: an edit may come while no sidecar runs. */
  timeouts?: Timeouts | undefined;
  /** The mode of that policy, for the same reason. */
  mode?: Mode | undefined;
}

/** The marks in force, and how to change some of them. */
export interface MarksFile {
  current(): Readonly<Marks>;
  /** Sets these marks and writes all; does not throw. */
  update(change: Partial<Marks>): void;
}

function isSettledMark(value: unknown): value is SettledMark {
  if (typeof value !== "object" || value === null) return false;
  const { content, target } = value as Partial<SettledMark>;
  return typeof content === "string" && ["string", "undefined"].includes(typeof target);
}

function settledOf(value: unknown): Record<string, SettledMark> {
  if (typeof value !== "object" || value === null) return {};
  return Object.fromEntries(
    Object.entries(value).filter((pair): pair is [string, SettledMark] => isSettledMark(pair[1])),
  );
}

function timeoutsOf(value: unknown): Timeouts | undefined {
  if (typeof value !== "object" || value === null) return undefined;
  const { connectTimeoutMilliseconds, checkTimeoutMilliseconds } = value as Partial<Timeouts>;
  if (typeof connectTimeoutMilliseconds !== "number") return undefined;
  if (typeof checkTimeoutMilliseconds !== "number") return undefined;
  return { connectTimeoutMilliseconds, checkTimeoutMilliseconds };
}

/** The marks in this text, whatever it is: a mark that cannot be read is one that was never set. */
export function parseMarks(text: string, now: number): Marks {
  const value: unknown = JSON.parse(text);
  const from = (typeof value === "object" && value !== null ? value : {}) as Record<
    string,
    unknown
  >;
  const startedAt = typeof from.podStartedAt === "number" ? from.podStartedAt : now;
  return {
    // A clock that was set back must not make the pod wait for its policy without end.
    podStartedAt: Math.min(startedAt, now),
    policySeen: from.policySeen === true,
    firstReady: from.firstReady === true,
    firstPassed: from.firstPassed === true,
    settled: settledOf(from.settled),
    timeouts: timeoutsOf(from.timeouts),
    mode: MODES.find((known) => known === from.mode),
  };
}

/** The system's code alone: other texts may quote the file. */
function codeOf(error: unknown): string {
  return (error as NodeJS.ErrnoException).code ?? "not JSON";
}

/**
 * Reads the marks from `directory`, or starts new ones at `now` (milliseconds since the epoch).
 * A directory that cannot be read or written costs one log line; the marks then live in memory.
 */
export function openMarks(directory: string, { now, log }: { now: number; log: Log }): MarksFile {
  const path = join(directory, MARKS_FILE);
  let marks: Marks = {
    podStartedAt: now,
    policySeen: false,
    firstReady: false,
    firstPassed: false,
    settled: {},
  };
  let writable = true;

  function write(): void {
    try {
      // Written beside and renamed: a sidecar that is killed in between leaves the old marks whole.
      writeFileSync(`${path}.new`, JSON.stringify(marks));
      renameSync(`${path}.new`, path);
      writable = true;
    } catch (error) {
      if (writable) log("error", "marks cannot be written", { code: codeOf(error) });
      writable = false;
    }
  }

  try {
    const bytes = readBounded(path, MAX_BYTES);
    if (bytes) marks = parseMarks(bytes.toString("utf8"), now);
  } catch (error) {
    log("error", "marks cannot be read", { code: codeOf(error) });
  }
  // At once, so that the pod's start is known to the next sidecar, and an unwritable directory early.
  write();

  return {
    current: () => marks,
    update(change) {
      marks = { ...marks, ...change };
      write();
    },
  };
}
