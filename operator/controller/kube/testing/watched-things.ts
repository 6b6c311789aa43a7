/** For tests of the watch: a fake collection of things, and a watch that keeps the value of each. */
import { pino } from "pino";
import type { KubeObject } from "../kube-object.ts";
import { type Change, startWatch, type Watch, type WatchOptions } from "../watch.ts";
import type { WatchTimes } from "../watch-times.ts";
import { until } from "./fake-api-server.ts";
import { type FakeCollection, type Item, startFakeCollection } from "./fake-collection.ts";

const TIMES: WatchTimes = {
  firstBackoff: 5,
  maxBackoff: 20,
  silence: 60_000,
  watchLength: 60_000,
  relist: 60_000,
  relistRetry: 60_000,
};

/** The API server's limit is 1.5 MiB in etcd; as JSON, `<` and control characters take six times as much. */
export const LARGEST_OBJECT_BYTES = 9 * 1024 * 1024;

/** The value of a thing. */
export function project(object: KubeObject): string {
  return (object as unknown as Item).value;
}

/** The collection and its watch. */
export interface WatchedThings {
  fake: FakeCollection;
  /** Every change that the watch has told of. */
  changes: Change<string>[];
  /** Starts the watch, with these times instead of its own. */
  start(times?: Partial<WatchTimes>, options?: Partial<WatchOptions<string>>): Watch<string>;
  /** Starts a watch that has listed and whose stream is open. */
  startOpen(times?: Partial<WatchTimes>): Promise<Watch<string>>;
  close(): Promise<void>;
}

/** An empty collection that nobody watches yet. */
export async function openThings(): Promise<WatchedThings> {
  const fake = await startFakeCollection();
  const changes: Change<string>[] = [];
  let watch: Watch<string> | undefined;

  function start(
    times: Partial<WatchTimes> = {},
    options: Partial<WatchOptions<string>> = {},
  ): Watch<string> {
    watch = startWatch<string>({
      client: fake.client,
      path: fake.path,
      kind: "Thing",
      project,
      onChange: (change) => changes.push(change),
      log: pino({ level: "silent" }),
      times: { ...TIMES, ...times },
      ...options,
    });
    return watch;
  }

  return {
    fake,
    changes,
    start,
    startOpen: async (times) => {
      const started = start(times);
      await until("the watch is open", () => fake.openWatches() === 1);
      return started;
    },
    close: async () => {
      await watch?.stop();
      await fake.close();
    },
  };
}

/** A log that keeps the waits after failures, in milliseconds. */
export function recordWaits() {
  const waits: number[] = [];
  const silent = () => undefined;
  const warn = (fields: object) => {
    if ("retryMilliseconds" in fields) waits.push(Number(fields.retryMilliseconds));
  };
  return { waits, log: { info: silent, warn, error: silent } };
}
