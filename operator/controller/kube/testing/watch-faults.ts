/** For tests: the ways in which an API server, or what is between, can fail a watch; and sequences of them. */
import fc from "fast-check";

/** What is done to the watch that is open. */
export const WATCH_FAULTS = [
  /** The server ends it in good order, with events that were not sent yet. */
  "end",
  "cut",
  "reset",
  /** A line ends in its middle, and then the watch: in good order, or not. */
  "half-line-end",
  "half-line-cut",
  /** Each line comes in pieces of few bytes, parted within characters too. */
  "split-lines",
  "no-json",
  "no-event",
  "error-410",
  "error-500",
  /** Nothing comes any more, and the connection stays. */
  "silence",
  /** The same, and when the client has gone on with another watch, this one brings all that was held back and ends. */
  "late-end",
  /** Nobody has told how far the history has come, and then all of it is dropped. */
  "bookmarks-lost",
] as const;

/** How the next request for a watch is answered. The one that is open ends for it. */
const ANSWER_FAULTS = [
  "answer-410",
  "answer-429",
  "answer-500",
  "answer-reset",
  "answer-cut",
  "no-answer",
] as const;

/** How the next request for the whole collection is answered. The history is dropped for it. */
export const READ_FAULTS = [
  "read-410",
  "read-429",
  "read-500",
  "read-reset",
  /** Some of it, and then the end of the connection. */
  "read-cut",
  /** Some of it, and then the end in good order. */
  "read-half",
  "read-no-answer",
  /** The first page; the token for the next one is too old. With WatchList: all, without the bookmark that says so. */
  "read-unfinished",
] as const;

export type WatchFault = (typeof WATCH_FAULTS)[number];
export type AnswerFault = (typeof ANSWER_FAULTS)[number];
export type ReadFault = (typeof READ_FAULTS)[number];
export type Fault = WatchFault | AnswerFault | ReadFault;

/** Every fault. */
export const FAULTS: readonly Fault[] = [...WATCH_FAULTS, ...ANSWER_FAULTS, ...READ_FAULTS];

/** A change of one object; without a value it is removed. */
export interface ThingChange {
  name: string;
  value: string | undefined;
}

/** One fault, with what changes before it while all is well and what changes while the client is away. */
export interface FaultStep {
  before: ThingChange[];
  fault: Fault;
  during: ThingChange[];
}

/** One life of a watch. */
export interface FaultPlan {
  /** Whether the server has WatchList. */
  watchList: boolean;
  /** Milliseconds after which the client reads the whole collection in any case. */
  relist: number;
  steps: FaultStep[];
}

/** More than fit on one page, so that pages and their tokens matter. */
const NAMES = ["a", "b", "c", "d", "e", "f", "g"];
/** Whose bytes are parted within characters, whose line is longer than a packet, and which look like a line's end. */
const VALUES = ["", "1", "日本語 é", "\n}{\r\n\u2028", "x".repeat(3_000)];
/**
 * Never within a test, or again and again: but later than a silent watch is given up, or with WatchList each watch
 * would begin with everything, and faults of those that do not would wait in vain.
 */
const RELISTS = [600_000, 400];

const change: fc.Arbitrary<ThingChange> = fc.record({
  name: fc.constantFrom(...NAMES),
  value: fc.oneof({ arbitrary: fc.constantFrom(...VALUES), weight: 3 }, fc.constant(undefined)),
});

/** Plans of so many faults. */
export function faultPlan(faults: number): fc.Arbitrary<FaultPlan> {
  const step: fc.Arbitrary<FaultStep> = fc.record({
    before: fc.array(change, { maxLength: 3 }),
    fault: fc.constantFrom(...FAULTS),
    during: fc.array(change, { maxLength: 3 }),
  });
  return fc.record({
    watchList: fc.boolean(),
    relist: fc.constantFrom(...RELISTS),
    steps: fc.array(step, { minLength: 1, maxLength: faults, size: "max" }),
  });
}
