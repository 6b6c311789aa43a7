import { getEventListeners } from "node:events";
import { afterEach, beforeEach, describe, expect, jest, test } from "@jest/globals";
import { createReadiness } from "./readiness.ts";
import {
  cache,
  createTestPod,
  database,
  OK,
  policy,
  REFUSED,
  type TestPod,
  TIMING,
} from "./testing/test-pod.ts";

let pod: TestPod;

beforeEach(() => {
  pod = createTestPod();
});
afterEach(() => {
  jest.useRealTimers();
});

describe("waiting for first results", () => {
  const signal = () => new AbortController().signal;

  test("ends with the last one that could gate", async () => {
    pod.readiness.apply(
      policy([database(), cache, database("o", { name: "observed", impact: "Observe" })]),
    );
    let done = false;
    const waiting = pod.readiness.firstResults(signal()).then(() => {
      done = true;
    });
    pod.readiness.record("db", OK, 1);
    await new Promise(setImmediate);
    expect(done).toBe(false);
    pod.readiness.record("cache", REFUSED, 1);
    await waiting;
  });

  test("ends after checkTimeout", async () => {
    pod.readiness.apply(policy([database()]));
    const startedAt = performance.now();
    await pod.readiness.firstResults(signal());
    expect(performance.now() - startedAt).toBeGreaterThan(90);
    expect(performance.now() - startedAt).toBeLessThan(1_000);
  });

  test("ends when the client has gone", async () => {
    pod.readiness.apply(
      policy([database()], { timing: { ...TIMING, checkTimeoutMilliseconds: 60_000 } }),
    );
    const client = new AbortController();
    const waiting = pod.readiness.firstResults(client.signal);
    client.abort();
    await waiting;
  });

  test("is over at once where the client had gone before", async () => {
    const timing = { ...TIMING, checkTimeoutMilliseconds: 59_000 };
    pod.readiness.apply(policy([database()], { timing }));
    await pod.readiness.firstResults(AbortSignal.abort());
  });

  test("lets go of the client's signal when the result is in", async () => {
    pod.readiness.apply(policy([database()]));
    const client = new AbortController();
    const waiting = pod.readiness.firstResults(client.signal);
    expect(getEventListeners(client.signal, "abort")).toHaveLength(1);
    pod.readiness.record("db", OK, 1);
    await waiting;
    expect(getEventListeners(client.signal, "abort")).toHaveLength(0);
  });

  test("leaves nothing behind when the client has gone", async () => {
    jest.useFakeTimers();
    let looks = 0;
    const current = () => {
      looks += 1;
      return pod.marks;
    };
    const counted = createReadiness({
      marks: { current, update: () => {} },
      supportedTypes: ["postgresql"],
      log: () => {},
    });
    counted.apply(policy([database(), database("o", { name: "other" })]));
    const looksOfOneResult = () => {
      looks = 0;
      counted.record("other", REFUSED, 1);
      return looks;
    };
    counted.record("other", REFUSED, 1);
    const alone = looksOfOneResult();
    const clients = Array.from({ length: 5 }, () => new AbortController());
    const waits = clients.map((client) => counted.firstResults(client.signal));
    expect(looksOfOneResult()).toBeGreaterThan(alone);
    for (const client of clients) client.abort();
    await Promise.all(waits);
    expect(looksOfOneResult()).toBe(alone);
    expect(jest.getTimerCount()).toBe(0);
    for (const { signal } of clients) expect(getEventListeners(signal, "abort")).toHaveLength(0);
  });

  test("ends when an edit takes the dependency away", async () => {
    pod.readiness.apply(
      policy([database()], { timing: { ...TIMING, checkTimeoutMilliseconds: 60_000 } }),
    );
    const waiting = pod.readiness.firstResults(signal());
    pod.readiness.apply(policy([]));
    await waiting;
  });

  test("begins again in a pod that stood still, and ends with the check that was due", async () => {
    const timing = { ...TIMING, checkTimeoutMilliseconds: 60_000 };
    pod.readiness.apply(policy([database()], { timing }));
    pod.record(OK);
    expect(pod.ready()).toBe(true);
    pod.clock += 3_600_000;
    // Whichever comes first then, a probe or a look at the policy file.
    expect(pod.readiness.awaitsResults()).toBe(true);
    expect(pod.ready()).toBe(false);
    const waiting = pod.readiness.firstResults(signal());
    pod.readiness.record("db", OK, 1);
    await waiting;
    expect(pod.ready()).toBe(true);
  });

  test("is over at once where nothing gates", async () => {
    await pod.readiness.firstResults(signal());
    pod.readiness.apply(policy([database("db", { impact: "Observe" })]));
    await pod.readiness.firstResults(signal());
    expect(pod.marks.firstReady).toBe(true);
  });
});

test("a failure decides alone where there is no result, a good one that is too old, or one failure too few", () => {
  const observed = database("o", { name: "observed", impact: "Observe" });
  pod.readiness.apply(policy([database(), observed]));
  const decides = () =>
    ["db", "observed", "unknown"].map((name) => pod.readiness.decidesNext(name));
  expect(TIMING.failureThreshold).toBe(2);
  expect(decides()).toStrictEqual([true, false, false]);
  pod.record(OK);
  expect(decides()).toStrictEqual([false, false, false]);
  pod.record(REFUSED);
  expect(decides()).toStrictEqual([true, false, false]);
  pod.record(REFUSED);
  expect(decides()).toStrictEqual([false, false, false]);
  pod.record(OK);
  pod.clock += 3_600_000;
  expect(decides()).toStrictEqual([true, false, false]);
});
