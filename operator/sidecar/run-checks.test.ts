import { afterEach, beforeEach, describe, expect, jest, test } from "@jest/globals";
import { REASONS } from "../api/reasons.ts";
import { TIMING } from "../api/testing/timing.ts";
import { type Check, CheckError, misconfigured } from "./checks/check.ts";
import {
  config,
  createTestChecks,
  dependency,
  pass,
  type TestChecks,
  untilSignal,
} from "./testing/test-checks.ts";
import type { CheckResult } from "./verdict.ts";

/** A turn comes 3.6 to 4 s after a start, with the deadline or before it. */
const CLOSE = { ...TIMING, intervalMilliseconds: 4_000 };

const never: Check["run"] = () => new Promise(() => {});

let checks: TestChecks;

beforeEach(() => {
  jest.useFakeTimers({ now: 0 });
  checks = createTestChecks();
});
afterEach(() => {
  checks.runner.stop();
  jest.useRealTimers();
});

describe("the loop", () => {
  test("checks at once, then at most one interval from start to start", async () => {
    checks.run = () => new Promise((resolve) => setTimeout(resolve, 1_500, {}));
    checks.runner.apply(config([dependency("a")]));
    await pass(10_000);
    expect(checks.starts()).toStrictEqual([0, 5_000, 10_000]);
    expect(checks.results).toStrictEqual([
      ["a", { ok: true, tls: undefined, detail: undefined }, 1_500],
      ["a", { ok: true, tls: undefined, detail: undefined }, 1_500],
    ]);
  });

  test("waits at least 0.9 of the interval", async () => {
    checks.draw = 0;
    checks.runner.apply(config([dependency("a")]));
    await pass(9_000);
    expect(checks.starts()).toStrictEqual([0, 4_500, 9_000]);
  });

  test("waits in between for draws in between", async () => {
    checks.draw = 0.5;
    checks.runner.apply(config([dependency("a")]));
    await pass(4_750);
    expect(checks.starts()).toStrictEqual([0, 4_750]);
  });

  test("takes along each other dependency whose shortest wait is over, and no other", async () => {
    checks.draws = [1, 0];
    checks.runner.apply(config([dependency("a"), dependency("b")]));
    await pass(3_000);
    checks.draws = [1, 0, 1];
    checks.runner.apply(config([dependency("a"), dependency("b"), dependency("late")]));
    await pass(1_500);
    expect(checks.started.map(({ name, at }) => `${name} ${at}`)).toStrictEqual([
      "a 0",
      "b 0",
      "late 3000",
      "b 4500",
      "a 4500",
    ]);
    // Both went on from there.
    await pass(5_000);
    expect(checks.started.slice(5).map(({ name, at }) => `${name} ${at}`)).toStrictEqual([
      "late 8000",
      "b 9500",
      "a 9500",
    ]);
  });

  test("says when checks were started by time, and lets the policy be changed there", async () => {
    const turns: number[] = [];
    checks.onTurn = () => {
      turns.push(Date.now());
      if (turns.length === 2) checks.runner.apply(config([dependency("other")]));
    };
    checks.runner.apply(config([dependency("a"), dependency("b")]));
    await pass(10_000);
    expect(turns).toStrictEqual([5_000, 10_000]);
    expect(checks.started.at(-1)).toMatchObject({ name: "other", at: 10_000 });
  });

  test("gives a check its budgets", async () => {
    checks.runner.apply(config([dependency("a")]));
    await pass(0);
    expect(checks.started[0]?.context).toMatchObject({
      connectTimeoutMilliseconds: 3_000,
      checkTimeoutMilliseconds: 4_000,
    });
  });

  test("dependencies do not wait for each other", async () => {
    checks.run = (target, context) =>
      target.name === "a" ? never(target, context) : Promise.resolve({});
    checks.runner.apply(config([dependency("a"), dependency("b")]));
    await pass(0);
    expect(checks.results.map(([name]) => name)).toStrictEqual(["b"]);
  });
});

describe("an outcome", () => {
  test.each<[string, () => unknown, CheckResult]>([
    ["CheckError", () => new CheckError("HostNotFound"), { ok: false, reason: "HostNotFound" }],
    [
      "CheckError with parts",
      () => new CheckError("TooFewServers", "servers[1]=ConnectionRefused"),
      { ok: false, reason: "TooFewServers", detail: "servers[1]=ConnectionRefused" },
    ],
    [
      "what a user has to mend",
      () => misconfigured("the host is wrong"),
      { ok: false, reason: "Misconfigured", problem: "the host is wrong" },
    ],
    [
      "errno",
      () => Object.assign(new Error("secret"), { code: "ECONNREFUSED" }),
      { ok: false, reason: "ConnectionRefused" },
    ],
    ["not even an error", () => "boom", { ok: false, reason: "ProtocolError" }],
  ])("%s", async (_, error, want) => {
    checks.run = async () => {
      throw error();
    };
    checks.runner.apply(config([dependency("a")]));
    await pass(0);
    expect(checks.results[0]?.[1]).toEqual(want);
  });

  test("a check that throws before it returns a promise", async () => {
    checks.run = () => {
      throw new TypeError("x");
    };
    checks.runner.apply(config([dependency("a")]));
    await pass(0);
    expect(checks.reasons()).toStrictEqual(["ProtocolError"]);
  });

  test("a type of a later version is Unsupported", async () => {
    checks.runner.apply(config([{ ...dependency("a"), type: "kafka2" }]));
    await pass(0);
    expect(checks.reasons()).toStrictEqual(["Unsupported"]);
  });

  test("content that could not be read is Misconfigured", async () => {
    checks.runner.apply(config([{ name: "a", type: "memcached", impact: "Gate" }]));
    await pass(0);
    expect(checks.reasons()).toStrictEqual(["Misconfigured"]);
    expect(checks.started).toStrictEqual([]);
  });

  test.each<[string, Check["run"]]>([
    ["success", async () => ({ detail: "x".repeat(10_000) })],
    ["failure", () => Promise.reject(new CheckError("TooFewServers", "x".repeat(10_000)))],
  ])("the detail of a %s has a bound", async (_, outcome) => {
    checks.run = outcome;
    checks.runner.apply(config([dependency("a")]));
    await pass(0);
    expect(checks.results[0]?.[1].detail).toHaveLength(640);
  });

  test("the longest detail of a memcached ring fits into the bound", async () => {
    const longest = REASONS.reduce((a, b) => (a.length >= b.length ? a : b));
    const detail = Array.from({ length: 16 }, (_, index) => `servers[${index}]=${longest}`).join(
      " ",
    );
    checks.run = async () => ({ detail });
    checks.runner.apply(config([dependency("a")]));
    await pass(0);
    expect(checks.results[0]?.[1].detail).toBe(detail);
  });
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
        const error = new CheckError("TooFewServers", "servers[0]=CheckTimeout");
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

test("stop ends every check in flight and leaves no timer", async () => {
  checks.run = untilSignal;
  checks.runner.apply(config([dependency("a"), dependency("b")]));
  await pass(1_000);
  checks.runner.stop();
  await pass(0);
  expect(checks.started.map(({ context }) => context.signal.aborted)).toStrictEqual([true, true]);
  expect(checks.results).toStrictEqual([]);
  expect(jest.getTimerCount()).toBe(0);
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
