import { afterEach, beforeEach, expect, jest, test } from "@jest/globals";
import { ApiError } from "../kube/api-error.ts";
import type { KubeRequest } from "../kube/kube-client.ts";
import { policySubject } from "./event-object.ts";
import {
  createEventRecorder,
  EVENTS_BURST,
  EVENTS_PER_MINUTE,
  type EventRecorder,
} from "./event-recorder.ts";

/** The most in any minute. */
const MOST_IN_A_MINUTE = 60;
const MINUTE = 60_000;

interface Write {
  path: string;
  namespace: string;
  message: string;
  at: number;
}

let writes: Write[];
let warnings: object[];
let results: string[];
let answer: () => Promise<void>;
let recorder: EventRecorder;

async function request({ path, body }: KubeRequest): Promise<never> {
  const { metadata, message } = body as { metadata: { namespace: string }; message: string };
  writes.push({ path, namespace: metadata.namespace, message, at: performance.now() });
  await answer();
  return {} as never;
}

beforeEach(() => {
  jest.useFakeTimers();
  writes = [];
  warnings = [];
  results = [];
  answer = () => Promise.resolve();
  recorder = createEventRecorder({
    client: { request },
    podName: "operator-1",
    onResult: (reason, result) => results.push(`${reason} ${result}`),
    log: { warn: (fields: object) => warnings.push(fields) },
  });
});

afterEach(async () => {
  await recorder.stop();
  jest.useRealTimers();
});

/** Records about an object that has had none, unless `uid` is given. */
function record(namespace: string, { uid = crypto.randomUUID() as string, once = "" } = {}): void {
  recorder.record({
    regarding: { apiVersion: "v1", kind: "Pod", namespace, name: "web-1", uid },
    type: "Warning",
    reason: "DependencyUnavailable",
    message: "orders-db: ConnectionRefused for 12s",
    ...(once && { once }),
  });
}

/** How many Events had this result. */
const resultsOf = (result: string) =>
  results.filter((one) => one === `DependencyUnavailable ${result}`).length;

/** Events that the written ones say were left out. */
const saidLeftOut = () =>
  writes.reduce((sum, { message }) => sum + Number(/\((\d+) more/.exec(message)?.[1] ?? 0), 0);

/** The most writes in any minute. */
function busiestMinute(): number {
  const inMinuteFrom = (start: number) =>
    writes.filter(({ at }) => at >= start && at < start + MINUTE).length;
  return Math.max(0, ...writes.map(({ at }) => inMinuteFrom(at)));
}

test("writes an Event at once", async () => {
  record("shop");
  await jest.advanceTimersByTimeAsync(1);
  expect(writes).toMatchObject([
    {
      path: "/api/v1/namespaces/shop/events",
      message: "orders-db: ConnectionRefused for 12s",
    },
  ]);
});

test("writes 60 a minute at most, whatever comes, and says how many each one stands for", async () => {
  for (let second = 0; second < 600; second += 1) {
    for (let one = 0; one < 20; one += 1) record("shop");
    await jest.advanceTimersByTimeAsync(1_000);
  }
  expect(busiestMinute()).toBeLessThanOrEqual(MOST_IN_A_MINUTE);
  expect(EVENTS_BURST + EVENTS_PER_MINUTE).toBe(MOST_IN_A_MINUTE);
  // All turns are used.
  expect(writes.length).toBeGreaterThanOrEqual(EVENTS_BURST + 10 * EVENTS_PER_MINUTE - 1);
  const told = writes.length + saidLeftOut();
  // But for those that wait still, and those that were left out since the last.
  expect(600 * 20 - told).toBeLessThanOrEqual(20 * 2 + 10);
  expect(resultsOf("written")).toBe(writes.length);
  expect(600 * 20 - resultsOf("written") - resultsOf("left_out")).toBeLessThanOrEqual(10);
});

test("one namespace does not use up the turns of another", async () => {
  for (let second = 0; second < 60; second += 1) {
    for (let one = 0; one < 20; one += 1) record("loud");
    await jest.advanceTimersByTimeAsync(1_000);
  }
  record("quiet");
  const asked = performance.now();
  await jest.advanceTimersByTimeAsync(10_000);
  const [quiet] = writes.filter(({ namespace }) => namespace === "quiet");
  expect((quiet?.at ?? Number.POSITIVE_INFINITY) - asked).toBeLessThanOrEqual((2 * MINUTE) / 40);
});

test("one namespace does not use up the objects that are remembered", async () => {
  for (let second = 0; second < 40; second += 1) {
    for (let one = 0; one < 200; one += 1) record("loud");
    await jest.advanceTimersByTimeAsync(1_000);
  }
  record("quiet");
  await jest.advanceTimersByTimeAsync(10_000);
  expect(writes.filter(({ namespace }) => namespace === "quiet")).toHaveLength(1);
});

test("one object does not use up the turns of its namespace", async () => {
  for (let second = 0; second < 120; second += 1) {
    record("shop", { uid: "flaps" });
    await jest.advanceTimersByTimeAsync(1_000);
  }
  expect(writes.length).toBeLessThanOrEqual(5 + 2);
  expect(resultsOf("written") + resultsOf("left_out")).toBe(120);
  record("shop");
  await jest.advanceTimersByTimeAsync(1_000);
  // The next one there says what nothing was said of.
  expect(saidLeftOut()).toBe(resultsOf("left_out"));
});

test("what is said again and again of an object does not keep away what else there is to say of it", async () => {
  const regarding = policySubject({ namespace: "shop", name: "web", uid: "6f1c" });
  const evicted = { type: "Normal", reason: "PodEvicted", message: "Pod web-1." } as const;
  const down = { type: "Warning", reason: "DependencyUnavailable", message: "orders-db" } as const;
  const up = { type: "Normal", reason: "DependencyRecovered", message: "orders-db" } as const;
  // A rollout evicts pod after pod until the dependency goes down, for a moment.
  for (let pod = 0; pod < 40; pod += 1) {
    recorder.record({ regarding, ...evicted });
    await jest.advanceTimersByTimeAsync(20_000);
  }
  for (const event of [down, up]) recorder.record({ regarding, ...event });
  await jest.advanceTimersByTimeAsync(MINUTE);
  expect(results).toContain("PodEvicted left_out");
  expect(results.slice(-2)).toStrictEqual([
    "DependencyUnavailable written",
    "DependencyRecovered written",
  ]);
});

test("what cannot be written is lost, and the log tells of it once a minute", async () => {
  answer = () => Promise.reject(new ApiError("writing", { code: 403, body: "{}" }));
  for (let one = 0; one < 10; one += 1) record("shop");
  await jest.advanceTimersByTimeAsync(1_000);
  expect(writes).toHaveLength(10);
  expect(resultsOf("failed")).toBe(10);
  expect(warnings).toMatchObject([{ failed: 1 }]);
  await jest.advanceTimersByTimeAsync(MINUTE);
  record("shop");
  await jest.advanceTimersByTimeAsync(1_000);
  expect(writes).toHaveLength(11);
  expect(warnings).toMatchObject([{ failed: 1 }, { failed: 10 }]);
});

test("that an Event is there already is no failure where it is to be said once", async () => {
  answer = () => Promise.reject(new ApiError("writing", { code: 409, body: "{}" }));
  record("shop", { once: "r1" });
  await jest.advanceTimersByTimeAsync(1_000);
  expect(warnings).toStrictEqual([]);
  expect(results).toStrictEqual(["DependencyUnavailable repeated"]);
  record("shop");
  await jest.advanceTimersByTimeAsync(1_000);
  expect(warnings).toHaveLength(1);
});

test("writes one after the other, and none after the end", async () => {
  let answerNow: () => void = () => undefined;
  answer = () => new Promise((resolve) => (answerNow = resolve));
  record("shop");
  await jest.advanceTimersByTimeAsync(1);
  record("shop");
  await jest.advanceTimersByTimeAsync(MINUTE);
  expect(writes).toHaveLength(1);
  const stopped = recorder.stop();
  answerNow();
  await stopped;
  record("shop");
  await jest.advanceTimersByTimeAsync(MINUTE);
  expect(writes).toHaveLength(1);
});
