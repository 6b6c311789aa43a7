/** What one check tells its loop, and in which order; what its loop makes of that is in run-checks.*.test.ts. */
import { afterEach, beforeEach, expect, jest, test } from "@jest/globals";
import { TIMING } from "../api/testing/timing.ts";
import { type Check, CheckError } from "./checks/check.ts";
import { startCheck } from "./start-check.ts";
import { dependency, never, pass } from "./testing/test-checks.ts";

beforeEach(() => {
  jest.useFakeTimers({ now: 0 });
});
afterEach(() => {
  jest.useRealTimers();
});

/** Starts a check that runs so; `told` fills as it goes on. */
function start(run: Check["run"]) {
  const told: unknown[] = [];
  const started = startCheck(
    dependency("a"),
    {
      loadCheck: async (type) => ({ type, run }),
      readSecretKey: async () => "",
      timing: TIMING,
    },
    {
      onResult: (result) => told.push(result.ok ? "ok" : result.reason),
      onOverdue: () => told.push("overdue"),
      onHandshake: (cpuMilliseconds) => told.push(`handshake ${cpuMilliseconds}`),
      onEnd: (connectMilliseconds) => told.push(`end ${connectMilliseconds}`),
    },
  );
  return { told, started };
}

/** Ends so long after its signal has fired. */
const late =
  (milliseconds: number): Check["run"] =>
  (_, { signal }) =>
    new Promise((__, reject) => {
      signal.addEventListener("abort", () =>
        setTimeout(
          reject,
          milliseconds,
          new CheckError("TooFewServers", { detail: "servers[0]=CheckTimeout" }),
        ),
      );
    });

test("a success: its handshake, then the result, then what all of its connecting took", async () => {
  const { told } = start(async (_, { onConnect, onHandshake }) => {
    onConnect?.(2);
    onHandshake?.(7);
    onConnect?.(3);
    return {};
  });
  await pass(0);
  expect(told).toStrictEqual(["handshake 7", "ok", "end 5"]);
});

test("a failure that cost something too", async () => {
  const { told } = start(async (_, { onConnect }) => {
    onConnect?.(4);
    throw new CheckError("HostNotFound");
  });
  await pass(0);
  expect(told).toStrictEqual(["HostNotFound", "end 4"]);
});

test("nothing before its deadline, and the words of its own shortly after it", async () => {
  const { told, started } = start(late(20));
  await pass(3_999);
  expect(told).toStrictEqual([]);
  expect(started.hasTime()).toBe(true);
  await pass(1);
  expect(started.hasTime()).toBe(false);
  expect(told).toStrictEqual([]);
  await pass(20);
  expect(told).toStrictEqual(["TooFewServers", "end 0"]);
  await pass(10_000);
  expect(told).toHaveLength(2);
});

test("CheckTimeout and that it is overdue, where it ends later: no second result", async () => {
  const { told } = start(late(200));
  await pass(4_050);
  expect(told).toStrictEqual(["CheckTimeout", "overdue"]);
  await pass(150);
  expect(told).toStrictEqual(["CheckTimeout", "overdue", "end 0"]);
});

test("no end of a check that has none", async () => {
  const { told } = start(never);
  await pass(60_000);
  expect(told).toStrictEqual(["CheckTimeout", "overdue"]);
  expect(jest.getTimerCount()).toBe(0);
});

test("one that is stopped has no time, ends by its signal and leaves no timer", async () => {
  const { told, started } = start(late(0));
  await pass(1_000);
  started.stop();
  expect(started.hasTime()).toBe(false);
  await pass(0);
  expect(told.at(-1)).toBe("end 0");
  expect(jest.getTimerCount()).toBe(0);
});
