/**
 * A cache of one kind of object, kept true by list and watch on raw JSON. It never gives up: whatever
 * goes wrong, it tries again with a jittered, growing wait, and what it cannot be sure of it reads anew.
 * (The client library's informer stops for good after an error, and its Watch drops lines that do not
 * parse.)
 */
import { setTimeout as sleep } from "node:timers/promises";
import { isDeepStrictEqual } from "node:util";
import type { Logger } from "pino";
import { ApiError, isApiError } from "./api-error.ts";
import { backoffMilliseconds } from "./backoff.ts";
import { type Collection, createCollectionReader } from "./collection-reader.ts";
import { follow, HistoryLost, type WatchEvent } from "./follow.ts";
import type { KubeClient } from "./kube-client.ts";
import { type KubeObject, keyOf } from "./kube-object.ts";
import { createRepeatedErrors } from "./repeated-errors.ts";
import { WATCH_TIMES, type WatchTimes } from "./watch-times.ts";

/** What changed about one object: `old` is missing when it appeared, `now` when it went. */
export interface Change<T> {
  key: string;
  old?: T;
  now?: T;
}

/** What to watch, and what of each object is kept. */
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
  /** As onChange; called once, when the cache is complete for the first time. */
  onSynced?: () => void;
  log: Pick<Logger, "info" | "warn" | "error">;
  times?: Partial<WatchTimes>;
  random?: () => number;
}

/** A running watch and what it knows. Keys are `namespace/name`, or the name alone. */
export interface Watch<T> {
  get(key: string): T | undefined;
  values(): Iterable<T>;
  /** False until the cache is complete for the first time. */
  synced(): boolean;
  /** Seconds since the API server last said anything, bookmarks included. */
  secondsSinceLastEvent(): number;
  /**
   * Reads the whole collection anew, at once. Resolves when the cache is at least as new as this call, which
   * a watch alone cannot promise. Rejects when the collection cannot be read; the cache stays as it was.
   */
  refresh(): Promise<void>;
  stop(): Promise<void>;
}

function needsRelist(error: unknown): boolean {
  return error instanceof HistoryLost || isApiError(error, 410);
}

/** Starts to fill the cache and to follow; it is empty when this returns. */
export function startWatch<T>(options: WatchOptions<T>): Watch<T> {
  const { client, path, kind, log } = options;
  const times = { ...WATCH_TIMES, ...options.times };
  const random = options.random ?? Math.random;
  let stopped = false;
  /** Ends the round that runs, or the wait after it. Each round has its own. */
  let interruption = new AbortController();
  /** Set while somebody waits for the collection to be read anew. */
  let refreshing: PromiseWithResolvers<void> | undefined;
  const cache = new Map<string, T>();
  const errors = createRepeatedErrors();
  const selector: Record<string, string> =
    options.name === undefined ? {} : { fieldSelector: `metadata.name=${options.name}` };
  let synced = false;
  let lastEvent = performance.now();
  let relistAt = 0;
  let resourceVersion: string | undefined;
  let failures = 0;

  function tell(what: string, call: () => void): void {
    try {
      call();
    } catch (error) {
      log.error({ kind, key: what, err: error }, "handling a change failed");
    }
  }

  /** What is kept of the object: what is in the cache, where that is equal, or a list would take its memory twice. */
  function project(object: KubeObject): T | undefined {
    const key = keyOf(object.metadata);
    try {
      const now = options.project(object);
      const old = cache.get(key);
      return isDeepStrictEqual(old, now) ? old : now;
    } catch (error) {
      log.error({ kind, key, err: error }, "an object cannot be read; left out");
      return undefined;
    }
  }

  function put(key: string, now: T | undefined): void {
    const old = cache.get(key);
    if (now === undefined) cache.delete(key);
    else cache.set(key, now);
    if (old === undefined && now === undefined) return;
    const change = { key, ...(old !== undefined && { old }), ...(now !== undefined && { now }) };
    tell(key, () => options.onChange?.(change));
  }

  /** Makes the cache equal to `seen`, which must be the whole collection: it says what is gone. */
  function replace({ seen, version }: Collection<T>): void {
    for (const key of [...cache.keys()]) if (!seen.has(key)) put(key, undefined);
    for (const [key, object] of seen) put(key, object);
    resourceVersion = version;
    errors.forget("relist");
    lastEvent = performance.now();
    relistAt = lastEvent + times.relist * (0.9 + random() * 0.1);
    if (synced) return;
    synced = true;
    tell("synced", () => options.onSynced?.());
  }

  function watchSince(
    since: string | undefined,
    signal: AbortSignal,
  ): AsyncGenerator<WatchEvent<T>, void> {
    const length = times.watchLength * (0.8 + random() * 0.2);
    const { silence } = times;
    return follow({ client, path, selector, project, since, silence, length, signal });
  }

  const readCollection = createCollectionReader<T>({
    client,
    path,
    selector,
    project,
    open: (signal) => watchSince(undefined, signal),
    onEvent: () => {
      lastEvent = performance.now();
    },
  });

  /** Reads the whole collection and tells those who wait for it; resolves with the watch that this began, if any. */
  async function read(): Promise<AsyncGenerator<WatchEvent<T>, void> | undefined> {
    const { signal } = interruption;
    try {
      const collection = await readCollection(signal);
      replace(collection);
      // What began before a refresh was asked for is not what it asks for: the next round reads again.
      if (!signal.aborted) refreshing?.resolve();
      return collection.events;
    } catch (error) {
      if (!signal.aborted) refreshing?.reject(error);
      throw error;
    } finally {
      if (!signal.aborted) refreshing = undefined;
    }
  }

  /**
   * Reads the whole collection because that is due. Where it fails, the resourceVersion is as good as
   * before: who stopped following would freeze the cache for as long as lists are refused.
   */
  async function readAgain(): Promise<AsyncGenerator<WatchEvent<T>, void> | undefined> {
    try {
      return await read();
    } catch (error) {
      if (interruption.signal.aborted) return undefined;
      relistAt = performance.now() + times.relistRetry;
      log.warn({ kind, ...errors.fields("relist", error) }, "relist put off");
      return undefined;
    }
  }

  function handle(event: WatchEvent<T>): void {
    lastEvent = performance.now();
    ({ resourceVersion } = event);
    if (event.change) put(event.change.key, event.change.now);
  }

  async function round(): Promise<void> {
    let events: AsyncGenerator<WatchEvent<T>, void> | undefined;
    if (resourceVersion === undefined) events = await read();
    else if (refreshing || performance.now() >= relistAt) events = await readAgain();
    for await (const event of events ?? watchSince(resourceVersion, interruption.signal)) {
      handle(event);
      failures = 0;
      errors.forget("round");
    }
  }

  /** Milliseconds to wait after this error. */
  function backoff(error: unknown): number {
    const wait = backoffMilliseconds(failures, times, random());
    failures += 1;
    const asked = error instanceof ApiError ? (error.retryAfterSeconds ?? 0) * 1_000 : 0;
    return Math.max(Math.min(asked, times.maxBackoff), wait);
  }

  /**
   * The server answers again, only our version is too old. Failures of the outage are forgotten, or a
   * server that is well would be asked only after the longest wait. Where it says so again, waits grow.
   */
  function loseHistory(): void {
    if (resourceVersion !== undefined) failures = 0;
    resourceVersion = undefined;
  }

  /** One round; resolves with the milliseconds to wait before the next. */
  async function tryRound(): Promise<number> {
    try {
      await round();
      // A server that ends every watch at once must not be asked in a busy loop.
      return times.firstBackoff * random();
    } catch (error) {
      if (interruption.signal.aborted) return 0;
      if (needsRelist(error)) loseHistory();
      const wait = backoff(error);
      const retryMilliseconds = Math.round(wait);
      log.warn({ kind, retryMilliseconds, ...errors.fields("round", error) }, "watch interrupted");
      return wait;
    }
  }

  async function run(): Promise<void> {
    while (!stopped) {
      interruption = new AbortController();
      const wait = await tryRound();
      await sleep(wait, undefined, { signal: interruption.signal }).catch(() => undefined);
    }
  }

  const running = run();
  return {
    get: (key) => cache.get(key),
    values: () => cache.values(),
    synced: () => synced,
    secondsSinceLastEvent: () => (performance.now() - lastEvent) / 1_000,
    refresh: () => {
      refreshing ??= Promise.withResolvers();
      interruption.abort(new Error("the collection is read anew"));
      return refreshing.promise;
    },
    stop: async () => {
      stopped = true;
      interruption.abort(new Error("stopped"));
      refreshing?.reject(new Error("stopped"));
      await running;
    },
  };
}
