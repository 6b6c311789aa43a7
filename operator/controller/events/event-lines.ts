/**
 * Events that wait to be written. Whoever has much to say must not keep others from being heard: each namespace has a
 * line of its own, and the lines take turns. What there is no room for is counted, and the next Event of that
 * namespace says so.
 */
import { API_VERSION } from "../../api/names.ts";
import { forgetOldest } from "../../bounds/forget-oldest.ts";
import type { EventToRecord } from "./event-object.ts";

/** Events of one namespace that wait, of those on policies and of all others. */
export const MOST_WAITING = 10;
/** Namespaces that can wait. At 40 Events a minute no more than half of them have their turn before it is too late. */
export const MOST_LINES = 500;
/** What has waited longer is left out: it stands in the status, and a person has looked there by then. */
export const LATE_MILLISECONDS = 300_000;

/** An Event that waits. */
export interface WaitingEvent {
  event: EventToRecord;
  /** When it happened. */
  at: Date;
  /** When it began to wait, in milliseconds of `performance.now()`. */
  since: number;
}

/** An Event whose turn it is. */
export interface NextEvent extends WaitingEvent {
  /** Events of the same namespace that were left out before it. */
  leftOut: number;
}

/** The lines. */
export interface EventLines {
  /** Whether there is a place for it in the line of its namespace. */
  hasRoom(event: EventToRecord): boolean;
  /** Takes a place in the line of its namespace, or is left out. */
  add(waiting: WaitingEvent): void;
  /** Counts the Event for the next one of its namespace. */
  leaveOut(event: EventToRecord): void;
  /** The Event whose turn it is now; undefined: none waits. `now` in milliseconds of `performance.now()`. */
  next(now: number): NextEvent | undefined;
  isEmpty(): boolean;
}

/** Policies first: one of their Events stands for many pods. */
interface Line {
  onPolicies: WaitingEvent[];
  others: WaitingEvent[];
}

/** Where in the line it would wait. */
function placeOf(event: EventToRecord, line: Line): WaitingEvent[] {
  return event.regarding.apiVersion === API_VERSION ? line.onPolicies : line.others;
}

const namespaceOf = ({ regarding }: EventToRecord) => regarding.namespace ?? "";

function isEmptyLine({ onPolicies, others }: Line): boolean {
  return onPolicies.length + others.length === 0;
}

/** Empty lines. `onLeftOut` is called with each Event that will not be written. */
export function createEventLines(onLeftOut: (event: EventToRecord) => void = () => {}): EventLines {
  /** By namespace, the one whose turn is next first. */
  const lines = new Map<string, Line>();
  /** By namespace, the one that was counted first, first: Events left out since the last that was written there. */
  const leftOut = new Map<string, number>();

  function leaveOut(event: EventToRecord): void {
    onLeftOut(event);
    const namespace = namespaceOf(event);
    const count = leftOut.get(namespace) ?? 0;
    if (count === 0) forgetOldest(leftOut, MOST_LINES);
    leftOut.set(namespace, count + 1);
  }

  /** Takes the first of the line that is not late. */
  function takeFrom(line: Line, now: number): WaitingEvent | undefined {
    for (;;) {
      const first = line.onPolicies.shift() ?? line.others.shift();
      if (!first || now - first.since <= LATE_MILLISECONDS) return first;
      leaveOut(first.event);
    }
  }

  /** The line of the namespace; undefined: there is no room for one more. */
  function lineOf(namespace: string): Line | undefined {
    const standing = lines.get(namespace);
    if (standing || lines.size >= MOST_LINES) return standing;
    const line = { onPolicies: [], others: [] };
    lines.set(namespace, line);
    return line;
  }

  return {
    hasRoom: (event) => {
      const line = lines.get(namespaceOf(event));
      return line ? placeOf(event, line).length < MOST_WAITING : lines.size < MOST_LINES;
    },
    add: (waiting) => {
      const line = lineOf(namespaceOf(waiting.event));
      const place = line && placeOf(waiting.event, line);
      if (place && place.length < MOST_WAITING) place.push(waiting);
      else leaveOut(waiting.event);
    },
    leaveOut,
    next: (now) => {
      for (const [namespace, line] of lines) {
        const next = takeFrom(line, now);
        lines.delete(namespace);
        // At the end again: all others have their turn first.
        if (!isEmptyLine(line)) lines.set(namespace, line);
        if (!next) continue;
        const count = leftOut.get(namespace) ?? 0;
        leftOut.delete(namespace);
        return { ...next, leftOut: count };
      }
      return undefined;
    },
    isEmpty: () => lines.size === 0,
  };
}
