/** What becomes of a check that takes as long as it may, or longer. */
import { afterEach, beforeEach, describe, expect, jest, test } from "@jest/globals";
import { TIMING } from "../api/testing/timing.ts";
import { type Check, CheckError } from "./checks/check.ts";
import {
  config,
  createTestChecks,
  dependency,
  never,
  pass,
  type TestChecks,
  untilSignal,
} from "./testing/test-checks.ts";

/** A turn comes 3.6 to 4 s after a start, with the deadline or before it. */
const CLOSE = { ...TIMING, intervalMilliseconds: 4_000 };

let checks: TestChecks;

/** Milliseconds by which the clock has gone on while no timer fired. */
let stoodStill: number;

beforeEach(() => {
  jest.useFakeTimers({ now: 0 });
  stoodStill = 0;
  const clock = performance.now.bind(performance);
  jest.spyOn(performance, "now").mockImplementation(() => clock() + stoodStill);
  checks = createTestChecks();
});
afterEach(() => {
  checks.runner.stop();
  jest.restoreAllMocks();
  jest.useRealTimers();
});

describe("the deadline", () => {
  test("ends a check that heeds its signal, with CheckTimeout", async () => {
    checks.run = untilSignal;
    checks.runner.apply(config([dependency("a")]));
    await pass(3_999);
    expect(checks.results).toStrictEqual([]);
    await pass(1);
    expect(checks.results).toStrictEqual([["a", { ok: false, reason: "CheckTimeout" }, 4_000]]);
  });

  test("whatever a check says about a connection that its own signal closed", async () => {
    checks.run = (_, { signal }) =>
      new Promise((__, reject) => {
        signal.addEventListener("abort", () => reject(new CheckError("ConnectionClosed")));
      });
    checks.runner.apply(config([dependency("a")]));
    await pass(4_000);
    expect(checks.reasons()).toStrictEqual(["CheckTimeout"]);
  });

  test("a check of several parts may still say which of them was silent", async () => {
    checks.run = (_, { signal }) =>
      new Promise((__, reject) => {
        const error = new CheckError("TooFewServers", { detail: "servers[0]=CheckTimeout" });
        signal.addEventListener("abort", () => setTimeout(reject, 20, error));
      });
    checks.runner.apply(config([dependency("a")]));
    await pass(4_020);
    expect(checks.results[0]?.[1]).toStrictEqual({
      ok: false,
      reason: "TooFewServers",
      detail: "servers[0]=CheckTimeout",
    });
  });

  test("a check that never settles counts as failed each interval and gets no second one beside it", async () => {
    checks.run = never;
    checks.runner.apply(config([dependency("a")]));
    await pass(4_050);
    expect(checks.reasons()).toStrictEqual(["CheckTimeout"]);
    await pass(11_000);
    expect(checks.reasons()).toStrictEqual([
      "CheckTimeout",
      "CheckTimeout",
      "CheckTimeout",
      "CheckTimeout",
    ]);
    expect(checks.started).toHaveLength(1);
  });

  test("that is noticed late, where the pod waits for a result: no failure, and the next check begins at once", async () => {
    checks.decidesNext = (name) => name === "a";
    // Every other one is in flight while the program stands still.
    checks.run = (...started) =>
      checks.started.length % 2 === 1 ? untilSignal(...started) : Promise.resolve({});
    checks.runner.apply(config([dependency("a")], CLOSE));
    for (let time = 1; time <= 2; time += 1) {
      await pass(1_000);
      stoodStill += 6_000;
      await pass(3_000);
      expect(checks.started).toHaveLength(2 * time);
      await pass(4_000);
    }
    expect(checks.reasons()).toStrictEqual(["ok", "ok"]);
  });

  test("a limit of the check itself that is noticed late is no failure either", async () => {
    checks.decidesNext = () => true;
    checks.run = () =>
      checks.started.length > 1
        ? Promise.resolve({})
        : new Promise((_, reject) => setTimeout(reject, 3_000, new CheckError("ConnectTimeout")));
    checks.runner.apply(config([dependency("a")]));
    await pass(1_000);
    stoodStill += 12_000;
    await pass(2_000);
    expect(checks.started).toHaveLength(2);
    expect(checks.reasons()).toStrictEqual(["ok"]);
  });

  test.each([20, 200])(
    "that is noticed late has the check repeated also where it takes %i ms to end",
    async (milliseconds) => {
      checks.decidesNext = () => true;
      checks.run = (_, { signal }) =>
        checks.started.length > 1
          ? Promise.resolve({})
          : new Promise((__, reject) => {
              signal.addEventListener("abort", () =>
                setTimeout(reject, milliseconds, signal.reason),
              );
            });
      checks.runner.apply(config([dependency("a")]));
      await pass(1_000);
      stoodStill += 2_000;
      await pass(3_000 + milliseconds);
      expect(checks.started).toHaveLength(2);
      expect(checks.reasons()).toStrictEqual(["ok"]);
    },
  );

  test("a success counts, however late it is noticed", async () => {
    checks.decidesNext = () => true;
    checks.run = () => new Promise((resolve) => setTimeout(resolve, 3_000, {}));
    checks.runner.apply(config([dependency("a")]));
    await pass(1_000);
    stoodStill += 12_000;
    await pass(2_000);
    expect(checks.started).toHaveLength(1);
    expect(checks.reasons()).toStrictEqual(["ok"]);
  });

  test("that is noticed late, where the last result still counts, is one failure of those that are counted", async () => {
    checks.run = untilSignal;
    checks.runner.apply(config([dependency("a")]));
    await pass(1_000);
    stoodStill += 800;
    await pass(3_000);
    expect(checks.started).toHaveLength(1);
    expect(checks.reasons()).toStrictEqual(["CheckTimeout"]);
  });

  test.each([0, 450])(
    "that is noticed %i ms late counts at once, also where it decides alone: it is a timer's usual delay",
    async (milliseconds) => {
      checks.decidesNext = () => true;
      checks.run = untilSignal;
      checks.runner.apply(config([dependency("a")]));
      await pass(3_999);
      stoodStill += milliseconds;
      await pass(1);
      expect(checks.reasons()).toStrictEqual(["CheckTimeout"]);
    },
  );

  test("a server that refuses decides at once", async () => {
    checks.decidesNext = () => true;
    checks.run = () => Promise.reject(new CheckError("ConnectionRefused"));
    checks.runner.apply(config([dependency("a")]));
    await pass(0);
    expect(checks.reasons()).toStrictEqual(["ConnectionRefused"]);
  });

  test("that is noticed late twice in a row counts: a program without CPU does not ask again and again", async () => {
    checks.decidesNext = () => true;
    checks.run = untilSignal;
    checks.runner.apply(config([dependency("a")]));
    for (let time = 0; time < 2; time += 1) {
      await pass(1_000);
      stoodStill += 6_000;
      await pass(3_000);
    }
    expect(checks.started).toHaveLength(2);
    expect(checks.reasons()).toStrictEqual(["CheckTimeout"]);
  });

  test("that is noticed late in a loop that was stopped starts nothing", async () => {
    checks.decidesNext = () => true;
    let settle = () => {};
    checks.run = () =>
      new Promise((resolve) => {
        settle = () => resolve({});
      });
    checks.runner.apply(config([dependency("a")]));
    checks.runner.stop();
    stoodStill += 6_000;
    await pass(4_100);
    settle();
    await pass(10_000);
    expect(checks.started).toHaveLength(1);
  });

  /** The first check runs so, those after it end at once. */
  const firstRuns = (first: Check["run"]) => {
    checks.run = (...started) =>
      checks.started.length === 1 ? first(...started) : Promise.resolve({});
  };

  test.each([
    [0, 3_900],
    [1, 4_000],
  ])("a turn waits for a check that still has time: draw %d", async (draw, second) => {
    checks.draw = draw;
    firstRuns(() => new Promise((resolve) => setTimeout(resolve, 3_900, {})));
    checks.runner.apply(config([dependency("a")], CLOSE));
    await pass(4_050);
    expect(checks.reasons()).toStrictEqual(["ok", "ok"]);
    expect(checks.starts()).toStrictEqual([0, second]);
  });

  test.each([0, 1])("a check that fails at its deadline counts once: draw %d", async (draw) => {
    checks.draw = draw;
    firstRuns(untilSignal);
    checks.runner.apply(config([dependency("a")], CLOSE));
    await pass(4_050);
    expect(checks.reasons()).toStrictEqual(["CheckTimeout", "ok"]);
    expect(checks.starts()).toStrictEqual([0, 4_000]);
  });

  test.each([0, 1])("a check that never settles counts once an interval: draw %d", async (draw) => {
    checks.draw = draw;
    checks.run = never;
    checks.runner.apply(config([dependency("a")], CLOSE));
    await pass(4_050);
    expect(checks.reasons()).toStrictEqual(["CheckTimeout"]);
    await pass(4_000);
    expect(checks.reasons()).toStrictEqual(["CheckTimeout", "CheckTimeout"]);
    expect(checks.started).toHaveLength(1);
  });

  test("a turn of another dependency does not count a check in flight as failed", async () => {
    checks.draws = [0.5, 0];
    checks.run = ({ name }) =>
      new Promise((resolve) => setTimeout(resolve, name === "a" ? 3_900 : 0, {}));
    checks.runner.apply(config([dependency("a"), dependency("b")], CLOSE));
    await pass(3_900);
    expect(checks.results.map(([name, { ok }]) => `${name} ${ok}`)).toStrictEqual([
      "b true",
      "b true",
      "a true",
    ]);
  });

  test("once it settles after all, its result is ignored and the loop goes on", async () => {
    checks.run = () => new Promise((resolve) => setTimeout(resolve, 6_000, {}));
    checks.runner.apply(config([dependency("a")]));
    await pass(6_000);
    checks.run = async () => ({});
    await pass(4_000);
    expect(checks.starts()).toStrictEqual([0, 10_000]);
    expect(checks.reasons()).toStrictEqual(["CheckTimeout", "CheckTimeout", "ok"]);
  });

  test("a rejection after the deadline does no harm", async () => {
    checks.run = () => new Promise((_, reject) => setTimeout(reject, 4_500, new Error("late")));
    checks.runner.apply(config([dependency("a")]));
    await pass(5_000);
    expect(checks.reasons()[0]).toBe("CheckTimeout");
    expect(checks.started).toHaveLength(2);
  });
});

test.each<[string, Check["run"]]>([
  ["ends later", () => new Promise((resolve) => setTimeout(resolve, 4_500, {}))],
  ["never ends", never],
])("stop is final where a turn waits for a check that %s", async (_, run) => {
  checks.draw = 0;
  checks.run = run;
  checks.runner.apply(config([dependency("a")], CLOSE));
  await pass(3_900);
  checks.runner.stop();
  await pass(20_000);
  expect(checks.started).toHaveLength(1);
  expect(checks.results).toStrictEqual([]);
  expect(jest.getTimerCount()).toBe(0);
});
