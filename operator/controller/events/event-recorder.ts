/**
 * Writes Events, as many as a cluster can bear and no more: 60 a minute over all objects, however much happens. Nobody
 * waits for one, and one that cannot be written is lost: what it says is in the status as well.
 */
import { randomUUID } from "node:crypto";
import type { Logger } from "pino";
import { isApiError, type KubeClient } from "../kube/kube-client.ts";
import { createTokenBucket } from "../kube/token-bucket.ts";
import { createEventLines, type NextEvent } from "./event-lines.ts";
import { type EventToRecord, eventObject, eventPath } from "./event-object.ts";
import { createPace } from "./pace.ts";

/** At once after a quiet time; with what is written within a minute after that, it makes 60. */
export const EVENTS_BURST = 20;
/** In the long run. */
export const EVENTS_PER_MINUTE = 40;
/** About one object: at once, as when it turns down and up twice and something else happens to it. */
const OBJECT_BURST = 5;
/** And then one so often, however fast it flaps. */
const OBJECT_MILLISECONDS = 60_000;
/** Objects about which that is remembered. */
const MOST_OBJECTS = 5_000;
/** A log line about Events that could not be written comes at most so often. */
const COMPLAINT_MILLISECONDS = 60_000;

/** What a recorder needs. */
export interface EventRecorderOptions {
  client: Pick<KubeClient, "request">;
  /** This replica's pod, which the Events name as their source. */
  podName: string;
  log: Pick<Logger, "warn">;
}

/** Says things about objects where people look. */
export interface EventRecorder {
  /** Has the Event written when its turn comes. Returns at once and never throws; it may be left out. */
  record(event: EventToRecord): void;
  /** Writes no more; resolves when what is under way has ended. */
  stop(): Promise<void>;
}

function withLeftOut({ event, leftOut }: NextEvent): EventToRecord {
  if (leftOut === 0) return event;
  return { ...event, message: `${event.message} (${leftOut} more Events here were left out)` };
}

/** A recorder that has said nothing yet. */
export function createEventRecorder({ client, podName, log }: EventRecorderOptions): EventRecorder {
  const bucket = createTokenBucket({ perSecond: EVENTS_PER_MINUTE / 60, burst: EVENTS_BURST });
  const lines = createEventLines();
  const pace = createPace({
    burst: OBJECT_BURST,
    milliseconds: OBJECT_MILLISECONDS,
    most: MOST_OBJECTS,
  });
  const stopping = new AbortController();
  let timer: NodeJS.Timeout | undefined;
  let writing: Promise<void> | undefined;
  let failed = 0;
  let complainedAt = Number.NEGATIVE_INFINITY;

  function complain(err: unknown): void {
    failed += 1;
    const now = performance.now();
    if (stopping.signal.aborted || now - complainedAt < COMPLAINT_MILLISECONDS) return;
    complainedAt = now;
    log.warn({ err, failed }, "Events could not be written and are lost");
    failed = 0;
  }

  async function write(next: NextEvent): Promise<void> {
    const { at, event } = next;
    const about = { at, instance: podName, unique: randomUUID() };
    try {
      await client.request({
        method: "POST",
        path: eventPath(event.regarding),
        body: eventObject(withLeftOut(next), about),
        signal: stopping.signal,
      });
    } catch (error) {
      // Said before, by this replica or the last leader.
      if (event.once !== undefined && isApiError(error, 409)) return;
      complain(error);
    }
  }

  async function writeNext(): Promise<void> {
    // Chosen at the last moment: while it waited for its turn, something that goes first may have come.
    const next = lines.next(performance.now());
    if (next) await write(next);
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
      if (lines.hasRoom(event) && !pace.take(event.regarding.uid, since)) return;
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
