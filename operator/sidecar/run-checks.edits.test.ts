import { afterEach, beforeEach, describe, expect, jest, test } from "@jest/globals";
import { TIMING } from "../api/testing/timing.ts";
import {
  config,
  createTestChecks,
  dependency,
  pass,
  type TestChecks,
  untilSignal,
} from "./testing/test-checks.ts";

let checks: TestChecks;

beforeEach(() => {
  jest.useFakeTimers({ now: 0 });
  checks = createTestChecks();
});
afterEach(() => {
  checks.runner.stop();
  jest.useRealTimers();
});

describe("an edit", () => {
  test("keeps the check in flight of a dependency that is as before", async () => {
    checks.run = untilSignal;
    checks.runner.apply(config([dependency("a")]));
    await pass(1_000);
    checks.runner.apply(config([dependency("a"), dependency("b")]));
    await pass(0);
    expect(checks.started.map(({ name }) => name)).toStrictEqual(["a", "b"]);
    expect(checks.started[0]?.context.signal.aborted).toBe(false);
  });

  test("ends the check of a dependency that is gone, and reports nothing of it", async () => {
    checks.run = untilSignal;
    checks.runner.apply(config([dependency("a")]));
    await pass(1_000);
    checks.runner.apply(config([]));
    expect(checks.started[0]?.context.signal.aborted).toBe(true);
    await pass(20_000);
    expect(checks.started).toHaveLength(1);
    expect(checks.results).toStrictEqual([]);
  });

  test("checks a dependency that has changed at once", async () => {
    checks.runner.apply(config([dependency("a", "old")]));
    await pass(1_000);
    checks.runner.apply(config([dependency("a", "new")]));
    await pass(4_999);
    expect(checks.started.map(({ host, at }) => [host, at])).toStrictEqual([
      ["old", 0],
      ["new", 1_000],
    ]);
  });

  test("of an impact alone is a change of the dependency", async () => {
    checks.runner.apply(config([dependency("a")]));
    await pass(1_000);
    checks.runner.apply(config([{ ...dependency("a"), impact: "Observe" }]));
    await pass(0);
    expect(checks.starts()).toStrictEqual([0, 1_000]);
  });

  test("of the interval counts from the last start", async () => {
    checks.runner.apply(config([dependency("a")], { ...TIMING, intervalMilliseconds: 60_000 }));
    await pass(1_000);
    checks.runner.apply(config([dependency("a")], { ...TIMING, intervalMilliseconds: 5_000 }));
    await pass(9_000);
    expect(checks.starts()).toStrictEqual([0, 5_000, 10_000]);
  });

  test("to a shorter interval that is over already starts the next check now", async () => {
    checks.runner.apply(config([dependency("a")], { ...TIMING, intervalMilliseconds: 60_000 }));
    await pass(30_000);
    checks.runner.apply(config([dependency("a")]));
    await pass(0);
    expect(checks.starts()).toStrictEqual([0, 30_000]);
  });

  test("to longer times leaves the check in flight and the next start where they are", async () => {
    checks.run = untilSignal;
    checks.runner.apply(config([dependency("a")]));
    await pass(1_000);
    checks.runner.apply(config([dependency("a")], { ...TIMING, checkTimeoutMilliseconds: 4_500 }));
    expect(checks.started[0]?.context.signal.aborted).toBe(false);
    await pass(4_000);
    expect(checks.starts()).toStrictEqual([0, 5_000]);
    expect(checks.started[1]?.context.remainingMilliseconds()).toBe(4_500);
  });

  describe("to a longer interval, read after the program stood still, when checks are due", () => {
    const longer = { ...TIMING, intervalMilliseconds: 60_000 };
    /** Goes on until `milliseconds` after the start of all, with no timer fired meanwhile. */
    function standStillUntil(milliseconds: number): void {
      const stoodStill = milliseconds - performance.now();
      const clock = performance.now.bind(performance);
      jest.spyOn(performance, "now").mockImplementation(() => clock() + stoodStill);
    }
    afterEach(() => {
      jest.restoreAllMocks();
    });

    test("begins them, and counts from there", async () => {
      checks.runner.apply(config([dependency("a"), dependency("b")]));
      await pass(1_000);
      standStillUntil(12_000);
      checks.runner.apply(config([dependency("a"), dependency("b")], longer));
      await pass(0);
      expect(checks.starts()).toStrictEqual([0, 0, 1_000, 1_000]);
      await pass(59_999);
      expect(checks.started).toHaveLength(4);
      await pass(1);
      expect(checks.started).toHaveLength(6);
    });

    test("begins those too whose turns come apart", async () => {
      checks.run = async (_, { onHandshake }) => {
        onHandshake?.(6);
        return {};
      };
      checks.runner.apply(config([dependency("a"), dependency("b")]));
      await pass(1_000);
      checks.onTurn = () => checks.runner.apply(config([dependency("a"), dependency("b")], longer));
      standStillUntil(12_000);
      await pass(4_000);
      expect(checks.startsOf("a")).toHaveLength(2);
      expect(checks.startsOf("b")).toHaveLength(2);
    });

    test("has one begin when the check in flight has ended", async () => {
      checks.run = untilSignal;
      const slow = { ...TIMING, checkTimeoutMilliseconds: 20_000 };
      checks.runner.apply(config([dependency("a")], slow));
      await pass(1_000);
      standStillUntil(12_000);
      checks.runner.apply(config([dependency("a")], { ...slow, intervalMilliseconds: 60_000 }));
      await pass(0);
      expect(checks.starts()).toStrictEqual([0]);
      await pass(19_000);
      expect(checks.starts()).toStrictEqual([0, 20_000]);
    });
  });

  test.each([{ connectTimeoutMilliseconds: 200 }, { checkTimeoutMilliseconds: 300 }])(
    "to %j checks anew at once, and hears no more of the check in flight",
    async (shorter) => {
      checks.run = () => new Promise((resolve) => setTimeout(resolve, 2_000, {}));
      checks.runner.apply(config([dependency("a")]));
      await pass(1_000);
      checks.run = untilSignal;
      const timing = { ...TIMING, ...shorter };
      checks.runner.apply(config([dependency("a")], timing));
      await pass(0);
      expect(checks.started[0]?.context.signal.aborted).toBe(true);
      expect(checks.starts()).toStrictEqual([0, 1_000]);
      const context = checks.started[1]?.context;
      expect(context?.connectTimeoutMilliseconds).toBe(timing.connectTimeoutMilliseconds);
      expect(context?.remainingMilliseconds()).toBe(timing.checkTimeoutMilliseconds);
      await pass(2_000);
      expect(checks.reasons()).not.toContain("ok");
      expect(checks.started).toHaveLength(2);
    },
  );

  test("that removes the policy ends everything", async () => {
    checks.runner.apply(config([dependency("a"), dependency("b")]));
    await pass(0);
    checks.runner.apply(undefined);
    await pass(60_000);
    expect(checks.started).toHaveLength(2);
    expect(jest.getTimerCount()).toBe(0);
  });
});
