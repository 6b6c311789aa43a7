/**
 * A cache of one kind of object, kept true by list and watch on raw JSON. The only file that lists and
 * watches. It never gives up: whatever goes wrong, it tries again with a jittered, growing wait, and
 * what it cannot be sure of it lists anew. (The client library's informer stops for good after an error,
 * and its Watch drops lines that do not parse.)
 */
import { setTimeout as sleep } from "node:timers/promises";
import type { Logger } from "pino";
import { backoffMilliseconds } from "./backoff.ts";
import { AnswerTooLarge, ApiError, isApiError, type KubeClient } from "./kube-client.ts";
import { readLines } from "./read-lines.ts";

/** All times in milliseconds. */
export interface WatchTimes {
  /** After the first failure; doubled by each further one in a row. */
  firstBackoff: number;
  maxBackoff: number;
  /**
   * A watch that brings nothing for so long is dead: the API server sends a bookmark every minute, and
   * a connection whose other side has vanished reports no error of its own.
   */
  silence: number;
  /** How long one watch may last; the server is asked to end it, and our own timer does else. */
  watchLength: number;
  /** A full list at least so often, in case an event was lost without a sign. */
  relist: number;
}

const TIMES: WatchTimes = {
  firstBackoff: 500,
  maxBackoff: 30_000,
  silence: 150_000,
  watchLength: 300_000,
  relist: 600_000,
};

/** Objects per page of a list, where they are not so large that fewer must do. */
const PAGE_SIZE = 250;
/** An object is at most 1.5 MiB in etcd, about 3 MiB as JSON with managedFields and an event's frame. */
const MAX_LINE_BYTES = 8 * 1024 * 1024;
/** After the server should have ended a watch, our own timer waits this much longer. */
const WATCH_LENGTH_GRACE_MILLISECONDS = 5_000;

/** What every object has, as far as it matters here. */
export interface KubeObject {
  metadata: { name: string; namespace?: string; resourceVersion?: string };
}

/** What changed about one object: `old` is missing when it appeared, `now` when it went. */
export interface Change<T> {
  key: string;
  old?: T;
  now?: T;
}

export interface WatchOptions<T> {
  client: KubeClient;
  /** Path of the collection. */
  path: string;
  /** For log and metric. */
  kind: string;
  /** Only the objects of this name. */
  name?: string;
  /** Cuts an object down to what is kept; undefined keeps nothing of it. */
  project: (object: KubeObject) => T | undefined;
  /** Called after the cache has changed. What it throws is logged and stops nothing. */
  onChange?: (change: Change<T>) => void;
  /** Called when the first list is complete, and when the cache is ready to be used. */
  onSynced?: () => void;
  log: Pick<Logger, "info" | "warn" | "error">;
  times?: Partial<WatchTimes>;
  random?: () => number;
}

/** A running watch and what it knows. Keys are `namespace/name`, or the name alone. */
export interface Watch<T> {
  get(key: string): T | undefined;
  values(): Iterable<T>;
  /** False until the first list is complete. */
  synced(): boolean;
  /** Seconds since the API server last said anything, bookmarks included. */
  secondsSinceLastEvent(): number;
  stop(): Promise<void>;
}

interface List {
  metadata?: { resourceVersion?: string; continue?: string };
  items?: KubeObject[];
}

interface Event {
  type: "ADDED" | "MODIFIED" | "DELETED" | "BOOKMARK" | "ERROR";
  object: KubeObject & { code?: number; reason?: string; message?: string };
}

/** The history that we hold is no longer the server's: only a list helps. */
class MustRelist extends Error {}

function keyOf({ metadata }: KubeObject): string {
  return metadata.namespace ? `${metadata.namespace}/${metadata.name}` : metadata.name;
}

function parseEvent(line: string): Event {
  try {
    const event = JSON.parse(line) as Event;
    if (event.type === "ERROR") return event;
    if (!event.object.metadata.resourceVersion) throw new Error("no resourceVersion");
    return event;
  } catch {
    // Not what is wrong with the line: it can hold a Secret.
    throw new MustRelist("a line of the watch is not an event");
  }
}

/** Starts to list and watch; the first list is on its way when this returns. */
export function startWatch<T>(options: WatchOptions<T>): Watch<T> {
  const { client, path, kind, log } = options;
  const times = { ...TIMES, ...options.times };
  const random = options.random ?? Math.random;
  const stopping = new AbortController();
  const cache = new Map<string, T>();
  const selector: Record<string, string> =
    options.name === undefined ? {} : { fieldSelector: `metadata.name=${options.name}` };
  let synced = false;
  let lastEvent = performance.now();
  let listedAt = 0;
  let resourceVersion: string | undefined;
  let failures = 0;

  function tell(change: Change<T>): void {
    try {
      options.onChange?.(change);
    } catch (error) {
      log.error({ kind, key: change.key, err: error }, "handling a change failed");
    }
  }

  function project(object: KubeObject): T | undefined {
    try {
      return options.project(object);
    } catch (error) {
      log.error({ kind, key: keyOf(object), err: error }, "an object cannot be read; left out");
      return undefined;
    }
  }

  function put(key: string, now: T | undefined): void {
    const old = cache.get(key);
    if (now === undefined) cache.delete(key);
    else cache.set(key, now);
    if (old === undefined && now === undefined) return;
    tell({ key, ...(old !== undefined && { old }), ...(now !== undefined && { now }) });
  }

  /** The page after `next`, of `limit` objects or as many fewer as one answer can hold. */
  async function listPage(
    limit: number,
    next: string | undefined,
  ): Promise<{ list: List; limit: number }> {
    try {
      const list = await client.request<List>({
        method: "GET",
        path,
        query: { ...selector, limit: String(limit), ...(next && { continue: next }) },
        signal: stopping.signal,
      });
      return { list, limit };
    } catch (error) {
      if (!(error instanceof AnswerTooLarge) || limit === 1) throw error;
      return listPage(Math.floor(limit / 2), next);
    }
  }

  async function listPages(): Promise<{
    seen: Map<string, T | undefined>;
    version: string | undefined;
  }> {
    // Cut down page by page: whole objects of a large cluster would not fit beside each other.
    const seen = new Map<string, T | undefined>();
    let metadata: List["metadata"];
    let limit = PAGE_SIZE;
    do {
      const page = await listPage(limit, metadata?.continue);
      for (const object of page.list.items ?? []) seen.set(keyOf(object), project(object));
      ({ limit } = page);
      ({ metadata } = page.list);
    } while (metadata?.continue);
    return { seen, version: metadata?.resourceVersion };
  }

  async function list(): Promise<void> {
    const { seen, version } = await listPages();
    // Only a complete list may say what is gone.
    for (const key of [...cache.keys()]) if (!seen.has(key)) put(key, undefined);
    for (const [key, object] of seen) put(key, object);
    resourceVersion = version;
    listedAt = performance.now();
    lastEvent = listedAt;
    if (!synced) {
      synced = true;
      options.onSynced?.();
    }
  }

  function fail({ code, reason }: Event["object"]): never {
    if (code === 410) throw new MustRelist("the watch's history is gone (410)");
    throw new Error(`the watch reported ${code ?? ""} ${reason ?? "an error"}`);
  }

  function handle({ type, object }: Event): void {
    lastEvent = performance.now();
    if (type === "ERROR") fail(object);
    resourceVersion = object.metadata.resourceVersion;
    if (type === "BOOKMARK") return;
    put(keyOf(object), type === "DELETED" ? undefined : project(object));
  }

  /** Resolves when the server ends the watch in good order; rejects on everything else. */
  async function follow(): Promise<void> {
    const dead = new AbortController();
    const end = (why: string) => () => dead.abort(new Error(why));
    const length = times.watchLength * (0.8 + random() * 0.2);
    const watchdog = setTimeout(end(`nothing came for ${times.silence} ms`), times.silence);
    const longest = setTimeout(
      end("the server did not end the watch"),
      length + WATCH_LENGTH_GRACE_MILLISECONDS,
    );
    const signal = AbortSignal.any([stopping.signal, dead.signal]);
    try {
      const body = await client.stream({
        method: "GET",
        path,
        query: {
          ...selector,
          watch: "true",
          allowWatchBookmarks: "true",
          timeoutSeconds: String(Math.max(1, Math.round(length / 1_000))),
          ...(resourceVersion && { resourceVersion }),
        },
        signal,
      });
      lastEvent = performance.now();
      for await (const line of readLines(body, MAX_LINE_BYTES)) {
        watchdog.refresh();
        handle(parseEvent(line));
        failures = 0;
      }
    } catch (error) {
      throw dead.signal.aborted ? dead.signal.reason : error;
    } finally {
      clearTimeout(watchdog);
      clearTimeout(longest);
      // Leaving the loop early destroys the body; a stream that was never read is ended here.
      dead.abort();
    }
  }

  async function round(): Promise<void> {
    const age = performance.now() - listedAt;
    if (resourceVersion === undefined || age > times.relist * (0.9 + random() * 0.1)) await list();
    await follow();
  }

  /** Milliseconds to wait after this error. */
  function backoff(error: unknown): number {
    const wait = backoffMilliseconds(failures, times, random());
    failures += 1;
    const asked = error instanceof ApiError ? (error.retryAfterSeconds ?? 0) * 1_000 : 0;
    return Math.max(Math.min(asked, times.maxBackoff), wait);
  }

  function needsRelist(error: unknown): boolean {
    return error instanceof MustRelist || isApiError(error, 410);
  }

  /** One round; resolves with the milliseconds to wait before the next. */
  async function tryRound(): Promise<number> {
    try {
      await round();
      // A server that ends every watch at once must not be asked in a busy loop.
      return times.firstBackoff * random();
    } catch (error) {
      if (stopping.signal.aborted) return 0;
      if (needsRelist(error)) resourceVersion = undefined;
      const wait = backoff(error);
      log.warn({ kind, err: error, retryMilliseconds: Math.round(wait) }, "watch interrupted");
      return wait;
    }
  }

  async function run(): Promise<void> {
    const { signal } = stopping;
    while (!signal.aborted) {
      const wait = await tryRound();
      await sleep(wait, undefined, { signal }).catch(() => undefined);
    }
  }

  const running = run();
  return {
    get: (key) => cache.get(key),
    values: () => cache.values(),
    synced: () => synced,
    secondsSinceLastEvent: () => (performance.now() - lastEvent) / 1_000,
    stop: async () => {
      stopping.abort(new Error("stopped"));
      await running;
    },
  };
}
