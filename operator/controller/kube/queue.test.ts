import { setTimeout as sleep } from "node:timers/promises";
import { afterEach, expect, jest, test } from "@jest/globals";
import { pino } from "pino";
import { createQueue, type Queue, type QueueOptions } from "./queue.ts";
import { until } from "./testing/fake-api-server.ts";

// Machines that run everything at once are slow; what is measured, is measured in the tests.
jest.setTimeout(30_000);

const log = pino({ level: "silent" });
let queue: Queue<string> | undefined;

type Options = QueueOptions<string>;

function start(handle: Options["handle"], options: Partial<Options> = {}): Queue<string> {
  queue = createQueue<string>({
    handle,
    keyOf: (key) => key,
    log,
    firstBackoff: 10,
    maxBackoff: 40,
    random: () => 1,
    ...options,
  });
  return queue;
}

afterEach(async () => {
  jest.useRealTimers();
  await queue?.stop();
});

test("requests that come while a key waits are one, and while it is worked on one more", async () => {
  let calls = 0;
  let atOnce = 0;
  let most = 0;
  const keys = start(async () => {
    calls += 1;
    atOnce += 1;
    most = Math.max(most, atOnce);
    await sleep(20);
    atOnce -= 1;
    return undefined;
  });
  for (let request = 0; request < 5; request += 1) keys.add("a");
  await sleep(5);
  for (let request = 0; request < 5; request += 1) keys.add("a");
  await sleep(80);
  expect({ calls, most }).toEqual({ calls: 2, most: 1 });
});

test("different keys run side by side, up to the limit", async () => {
  let atOnce = 0;
  let most = 0;
  const done: string[] = [];
  const keys = start(
    async (key) => {
      atOnce += 1;
      most = Math.max(most, atOnce);
      await sleep(10);
      atOnce -= 1;
      done.push(key);
      return undefined;
    },
    { concurrency: 2 },
  );
  for (const key of ["a", "b", "c", "d", "e"]) keys.add(key);
  await until("all done", () => done.length === 5);
  expect(most).toBe(2);
});

/** A log that keeps the waits, in milliseconds, that the queue says it has drawn. */
function waitsLog() {
  const waits: number[] = [];
  const warn = (fields: object) => {
    if ("retryMilliseconds" in fields) waits.push(Number(fields.retryMilliseconds));
  };
  return { waits, log: { warn } };
}

test("a key that fails waits longer each time, up to the limit, and starts over after a success", async () => {
  const { waits, log: waitsKept } = waitsLog();
  const failing = new Set([1, 2, 3, 4, 6]);
  let attempts = 0;
  const keys = start(
    async () => {
      attempts += 1;
      if (failing.has(attempts)) throw new Error("not yet");
      return undefined;
    },
    { log: waitsKept },
  );
  keys.add("a");
  await until("the first success", () => attempts === 5);
  keys.add("a");
  await until("the second success", () => attempts === 7);
  expect(waits).toStrictEqual([10, 20, 40, 40, 10]);
});

test("backoff is drawn from half to all of its length", async () => {
  const { waits, log: waitsKept } = waitsLog();
  const keys = start(
    async () => {
      if (waits.length === 0) throw new Error("once");
      return undefined;
    },
    { firstBackoff: 60, maxBackoff: 60, random: () => 0, log: waitsKept },
  );
  keys.add("a");
  await until("the failure", () => waits.length === 1);
  expect(waits).toStrictEqual([30]);
});

test("the same error of a key gives its stack once, and again after a success", async () => {
  const logged: unknown[] = [];
  let attempts = 0;
  const keys = start(
    async () => {
      attempts += 1;
      if (attempts === 3) return undefined;
      throw new Error("not yet");
    },
    { log: { warn: (fields: { err?: unknown }) => logged.push(fields.err) } as never },
  );
  keys.add("a");
  await until("the success", () => attempts === 3);
  keys.add("a");
  await until("the next failure", () => attempts === 4);
  const again = { message: "not yet" };
  expect(logged).toEqual([expect.any(Error), again, expect.any(Error)]);
  expect(logged[1]).not.toBeInstanceOf(Error);
});

test.each<[string, (keys: Queue<string>, key: string) => void]>([
  ["at once", (keys, key) => keys.add(key)],
  ["after the same time", (keys, key) => keys.addAfter(key, 5)],
])(
  "the event loop has a turn between two keys that are due %s and ask nobody",
  async (_when, add) => {
    const seen: string[] = [];
    const all = Array.from({ length: 20 }, (_, count) => `key-${count}`);
    const keys = start(async (key) => {
      seen.push(key);
      return undefined;
    });
    const turn = () => {
      seen.push("turn");
      if (seen.filter((one) => one !== "turn").length < all.length) setImmediate(turn);
    };
    setImmediate(turn);
    for (const key of all) add(keys, key);
    await until("all are done", () => all.every((key) => seen.includes(key)));
    const withoutPause = seen
      .slice(1)
      .filter((one, index) => one !== "turn" && seen[index] !== "turn");
    expect(withoutPause).toStrictEqual([]);
  },
);

test("a group with one key waits for one of each other group, however many that has", async () => {
  const done: string[] = [];
  const keys = start(
    async (key) => {
      done.push(key);
      if (key === "many/1") keys.add("one/2");
      return undefined;
    },
    { concurrency: 1, groupOf: (key) => key.split("/")[0] as string },
  );
  for (const key of ["first", "many/1", "many/2", "many/3", "one/1"]) keys.add(key);
  await until("all are done", () => done.length === 6);
  expect(done).toStrictEqual(["first", "many/1", "one/1", "many/2", "one/2", "many/3"]);
});

test("one key's failure does not hold up another", async () => {
  const done: string[] = [];
  const keys = start(async (key) => {
    if (key === "bad") throw new Error("always");
    done.push(key);
    return undefined;
  });
  keys.add("bad");
  keys.add("good");
  await until("the good one", () => done.length === 1);
});

test("addAfter: the earliest wish counts, and running fulfils it", async () => {
  const at: number[] = [];
  const startedAt = performance.now();
  const keys = start(async () => {
    at.push(performance.now() - startedAt);
    return undefined;
  });
  keys.addAfter("a", 1_000);
  keys.addAfter("a", 30);
  keys.addAfter("a", 500);
  await until("it ran", () => at.length === 1);
  expect(at[0]).toBeGreaterThanOrEqual(28);
  expect(at[0]).toBeLessThan(450);
  keys.addAfter("b", 50);
  keys.add("b");
  await sleep(100);
  expect(at).toHaveLength(2);
});

test("a wish that was fulfilled early does not stand in the way of a later one", async () => {
  jest.useFakeTimers();
  let calls = 0;
  const keys = start(async () => {
    calls += 1;
    return undefined;
  });
  keys.addAfter("a", 60_000);
  keys.add("a");
  await jest.advanceTimersByTimeAsync(1);
  expect(calls).toBe(1);
  keys.addAfter("a", 120_000);
  await jest.advanceTimersByTimeAsync(120_000);
  expect(calls).toBe(2);
});

test("each key has one timer, and none once the queue is stopped", async () => {
  jest.useFakeTimers();
  const keys = start(async () => undefined);
  keys.addAfter("a", 1_000);
  keys.addAfter("a", 30);
  keys.addAfter("b", 30);
  expect(jest.getTimerCount()).toBe(2);
  await keys.stop();
  expect(jest.getTimerCount()).toBe(0);
  keys.addAfter("c", 30);
  expect(jest.getTimerCount()).toBe(0);
});

test("a handler can ask to be called again", async () => {
  let calls = 0;
  const keys = start(async () => {
    calls += 1;
    return calls === 1 ? 20 : undefined;
  });
  keys.add("a");
  await until("the second call", () => calls === 2);
  await sleep(40);
  expect(calls).toBe(2);
});

test("what ends with the queue is no failure", async () => {
  const { waits, log: waitsKept } = waitsLog();
  const cut = Promise.withResolvers<undefined>();
  const keys = start(() => cut.promise, { log: waitsKept });
  keys.add("a");
  const stopped = keys.stop();
  cut.reject(new Error("no longer the leader"));
  await stopped;
  expect(waits).toEqual([]);
});

test("stop waits for what runs and starts nothing more", async () => {
  const done: string[] = [];
  const keys = start(
    async (key) => {
      await sleep(30);
      done.push(key);
      return 1;
    },
    { concurrency: 1 },
  );
  keys.add("a");
  keys.add("b");
  keys.addAfter("c", 1);
  await keys.stop();
  expect(done).toEqual(["a"]);
  keys.add("d");
  await sleep(60);
  expect(done).toEqual(["a"]);
});

test("tells how many are due, how long each was, and what failed", async () => {
  const told: [string, string | number][] = [];
  const held = Promise.withResolvers<undefined>();
  const keys = start((key) => (key === "held" ? held.promise : Promise.reject(new Error("no"))), {
    concurrency: 1,
    firstBackoff: 60_000,
    maxBackoff: 60_000,
    observer: {
      onStart: (item, waitedSeconds) => told.push([item, Math.round(waitedSeconds * 10)]),
      onFailure: (item) => told.push([item, "failed"]),
    },
  });
  keys.add("held");
  expect(keys.depth()).toBe(0);
  keys.add("next");
  keys.addAfter("later", 60_000);
  await sleep(100);
  // Asked for again, and due since the first time.
  keys.add("next");
  expect(keys.depth()).toBe(1);
  await sleep(100);
  held.resolve(undefined);
  await until("all is told", () => told.length >= 3);
  expect(keys.depth()).toBe(0);
  const [first, second, third] = told;
  expect(first).toStrictEqual(["held", 0]);
  expect(second?.[0]).toBe("next");
  expect(second?.[1]).toBeGreaterThanOrEqual(2);
  expect(third).toStrictEqual(["next", "failed"]);
});
