/** A pod's readiness beside dependencies that are checked less often because connecting to them costs much. */
import { afterEach, beforeEach, expect, jest, test } from "@jest/globals";
import type { DependencyConfig, Impact } from "../api/policy-file.ts";
import type { Reason } from "../api/reasons.ts";
import { TIMING } from "../api/testing/timing.ts";
import { CheckError } from "./checks/check.ts";
import { createReadiness, type Readiness } from "./readiness.ts";
import { type CheckRunner, runChecks } from "./run-checks.ts";
import { config, dependency } from "./testing/test-checks.ts";
import { marksInMemory } from "./testing/test-pod.ts";

const DEAD = ["r1", "r2", "r3", "r4", "r5"];
/** Of one that stays silent where it was up, by the times of TIMING: two failures, each noticed at the deadline. */
const UNREADY_WITHIN = 2 * TIMING.intervalMilliseconds + TIMING.checkTimeoutMilliseconds;

/** Why the check of `ring` fails now; undefined where it succeeds. */
let failing: Reason | undefined;
let readiness: Readiness;
let runner: CheckRunner;

const ring = (name: string, impact: Impact): DependencyConfig => ({ ...dependency(name), impact });
const policy = config([ring("ring", "Gate"), ...DEAD.map((name) => ring(name, "Observe"))]);

beforeEach(async () => {
  jest.useFakeTimers();
  failing = undefined;
  readiness = createReadiness({
    marks: marksInMemory(),
    supportedTypes: ["memcached"],
    log: () => {},
  });
  runner = runChecks({
    loadCheck: async (type) => ({
      type,
      async run({ name }, { onConnect }) {
        onConnect?.(100);
        const reason = DEAD.includes(name) ? "HostNotFound" : failing;
        if (reason !== undefined) throw new CheckError(reason);
        return {};
      },
    }),
    readSecretKey: async () => "",
    onResult: ({ name }, result, milliseconds) => readiness.record(name, result, milliseconds),
    mayWait: readiness.mayWait,
    decidesNext: readiness.decidesNext,
  });
  readiness.apply(policy);
  runner.apply(policy);
  await jest.advanceTimersByTimeAsync(60_000);
});
afterEach(() => {
  runner.stop();
  jest.useRealTimers();
});

const stateOf = (wanted: string) =>
  readiness.view().dependencies.find(({ name }) => name === wanted)?.state;

/** Lets time pass, and gives after how many milliseconds the pod was unready first, if it was. */
async function unreadyWithin(milliseconds: number): Promise<number | undefined> {
  for (let passed = 0; passed < milliseconds; passed += 100) {
    await jest.advanceTimersByTimeAsync(100);
    if (!readiness.view().verdict.ready) return passed;
  }
  return undefined;
}

test("one that fails once keeps it ready", async () => {
  failing = "HostNotFound";
  while (stateOf("ring")?.up.against === 0) await jest.advanceTimersByTimeAsync(100);
  failing = undefined;
  expect(await unreadyWithin(60_000)).toBeUndefined();
});

test("one that fails for a reason that takes no running pod out keeps it ready for as long as it does", async () => {
  failing = "TooManyConnections";
  expect(await unreadyWithin(120_000)).toBeUndefined();
});

test("one that is lost after such a reason takes it out in time", async () => {
  failing = "TooManyConnections";
  expect(await unreadyWithin(60_000)).toBeUndefined();
  failing = "HostNotFound";
  expect(await unreadyWithin(60_000)).toBeLessThanOrEqual(UNREADY_WITHIN);
});

test("one that is only reported and begins to fail keeps its reason too, whatever it is", async () => {
  const edited = config([ring("ring", "Observe"), ...policy.dependencies.slice(1)]);
  readiness.apply(edited);
  runner.apply(edited);
  await jest.advanceTimersByTimeAsync(10_000);
  failing = "TooManyConnections";
  while (stateOf("ring")?.up.high) await jest.advanceTimersByTimeAsync(100);
  for (let second = 0; second < 60; second += 1) {
    await jest.advanceTimersByTimeAsync(1_000);
    expect(stateOf("ring")?.reason).toBe("TooManyConnections");
  }
});

test("those that come later keep their reason meanwhile", async () => {
  for (let second = 0; second < 60; second += 1) {
    await jest.advanceTimersByTimeAsync(1_000);
    expect(new Set(DEAD.map((name) => stateOf(name)?.reason))).toStrictEqual(
      new Set(["HostNotFound"]),
    );
  }
});
