/**
 * Writes Events, as many as a cluster can bear and no more: 60 a minute over all objects, however much happens. Nobody
 * waits for one, and one that cannot be written is lost: what it says is in the status as well.
 */
import { randomUUID } from "node:crypto";
import type { Logger } from "pino";
import type { EventReason } from "../../api/event-reasons.ts";
import { isApiError } from "../kube/api-error.ts";
import type { KubeClient } from "../kube/kube-client.ts";
import { createPacedWarning } from "../kube/paced-warning.ts";
import { createTokenBucket } from "../kube/token-bucket.ts";
import { createEventLines, type NextEvent } from "./event-lines.ts";
import { type EventToRecord, eventObject, eventPath } from "./event-object.ts";
import { createPace } from "./pace.ts";

/** At once after a quiet time; with what is written within a minute after that, it makes 60. */
export const EVENTS_BURST = 20;
/** In the long run. */
export const EVENTS_PER_MINUTE = 40;
/** So many of one reason about one object may come at once: it may turn down some times in a row. */
const REASON_BURST = 5;
/** And then one so often, however fast it flaps. */
const REASON_MILLISECONDS = 60_000;
/** Objects and reasons of which that is remembered. */
const MOST_REASONS = 5_000;
/** What became of an Event: `repeated` stands in the cluster already, `left_out` had no turn. */
export const EVENT_RESULTS = ["written", "repeated", "left_out", "failed"] as const;
export type EventResult = (typeof EVENT_RESULTS)[number];

/** What a recorder needs. */
export interface EventRecorderOptions {
  client: Pick<KubeClient, "request">;
  /** This replica's pod, which the Events name as their source. */
  podName: string;
  /** Called with what became of each Event. */
  onResult?: ((reason: EventReason, result: EventResult) => void) | undefined;
  log: Pick<Logger, "warn">;
}

/** Says things about objects where people look. */
export interface EventRecorder {
  /** Has the Event written when its turn comes. Returns at once and never throws; it may be left out. */
  record(event: EventToRecord): void;
  /** Writes no more; resolves when what is under way has ended. */
  stop(): Promise<void>;
}

/** By reason, too: a rollout that evicts pod after pod must not keep it from the policy that a dependency is down. */
const paceKey = ({ regarding, reason }: EventToRecord) => `${regarding.uid} ${reason}`;

function withLeftOut({ event, leftOut }: NextEvent): EventToRecord {
  if (leftOut === 0) return event;
  return { ...event, message: `${event.message} (${leftOut} more Events here were left out)` };
}

/** A recorder that has said nothing yet. */
export function createEventRecorder(options: EventRecorderOptions): EventRecorder {
  const { client, podName, onResult = () => {}, log } = options;
  const bucket = createTokenBucket({ perSecond: EVENTS_PER_MINUTE / 60, burst: EVENTS_BURST });
  const lines = createEventLines(({ reason }) => onResult(reason, "left_out"));
  const warn = createPacedWarning(log, "Events could not be written and are lost");
  const pace = createPace({
    burst: REASON_BURST,
    milliseconds: REASON_MILLISECONDS,
    most: MOST_REASONS,
  });
  const stopping = new AbortController();
  let timer: NodeJS.Timeout | undefined;
  let writing: Promise<void> | undefined;
  async function write(next: NextEvent): Promise<EventResult> {
    const { at, event } = next;
    const about = { at, instance: podName, unique: randomUUID() };
    try {
      await client.request({
        method: "POST",
        path: eventPath(event.regarding),
        body: eventObject(withLeftOut(next), about),
        signal: stopping.signal,
      });
      return "written";
    } catch (error) {
      // Said before, by this replica or the last leader.
      if (event.once !== undefined && isApiError(error, 409)) return "repeated";
      if (!stopping.signal.aborted) warn(error);
      return "failed";
    }
  }

  async function writeNext(): Promise<void> {
    // Chosen at the last moment: while it waited for its turn, something that goes first may have come.
    const next = lines.next(performance.now());
    if (next) onResult(next.event.reason, await write(next));
  }

  /** One at a time: an API server that is slow has no more than one of our Events at hand. */
  function startNext(): void {
    if (stopping.signal.aborted || timer || writing || lines.isEmpty()) return;
    // A turn that is now can lie a moment back by the time it is compared.
    const wait = Math.max(0, bucket.take() - performance.now());
    timer = setTimeout(() => {
      timer = undefined;
      writing = writeNext().finally(() => {
        writing = undefined;
        startNext();
      });
    }, wait);
  }

  return {
    record: (event) => {
      if (stopping.signal.aborted) return;
      const since = performance.now();
      // In a line that is full it is counted alone: what is not told is not to fill the memory of what was.
      if (lines.hasRoom(event) && !pace.take(paceKey(event), since)) {
        lines.leaveOut(event);
        return;
      }
      lines.add({ event, at: new Date(), since });
      startNext();
    },
    stop: async () => {
      stopping.abort();
      clearTimeout(timer);
      await writing;
    },
  };
}
