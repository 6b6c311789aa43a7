import { afterEach, beforeEach, describe, expect, jest, test } from "@jest/globals";
import type { DependencyConfig, PolicyFile } from "../api/policy-file.ts";
import { REASONS } from "../api/reasons.ts";
import type { Timing } from "../api/timing.ts";
import { type Check, type CheckContext, CheckError } from "./checks/check.ts";
import { type CheckRunner, runChecks } from "./run-checks.ts";
import type { CheckResult } from "./verdict.ts";

const TIMING: Timing = {
  connectTimeoutMilliseconds: 3_000,
  checkTimeoutMilliseconds: 4_000,
  intervalMilliseconds: 5_000,
  failureThreshold: 2,
  successThreshold: 1,
};

interface Started {
  name: string;
  host: string | undefined;
  at: number;
  context: CheckContext;
}

/** A dependency of the type `memcached`, whose slot is not looked at by the fake check. */
const dependency = (name: string, host = name): DependencyConfig => ({
  name,
  type: "memcached",
  impact: "Gate",
  memcached: { servers: [{ host, port: 1 }], minAvailable: 1 },
});
const config = (dependencies: DependencyConfig[], timing = TIMING): PolicyFile => ({
  policy: "web",
  generation: 1,
  timing,
  dependencies,
});

let started: Started[];
let results: [string, CheckResult, number][];
let runner: CheckRunner;
let run: Check["run"];
let draw: number;
let onTurn: () => void;
/** Draws that come first. */
let draws: number[];

/** Settles as a check should: never by itself, but as soon as the signal fires. */
const untilSignal: Check["run"] = (_, { signal }) =>
  new Promise((__, reject) => {
    signal.addEventListener("abort", () => reject(signal.reason));
  });
const never: Check["run"] = () => new Promise(() => {});

/** Lets time pass, and everything that waits for it. */
const pass = (milliseconds: number) => jest.advanceTimersByTimeAsync(milliseconds);
const starts = () => started.map(({ at }) => at);
const reasons = () => results.map(([, result]) => (result.ok ? "ok" : result.reason));

beforeEach(() => {
  jest.useFakeTimers({ now: 0 });
  started = [];
  results = [];
  run = async () => ({});
  draw = 1;
  draws = [];
  onTurn = () => {};
  runner = runChecks({
    loadCheck: async (type) =>
      type === "memcached"
        ? {
            type,
            run: (target, context) => {
              const host = target.memcached?.servers[0]?.host;
              started.push({ name: target.name, host, at: Date.now(), context });
              return run(target, context);
            },
          }
        : undefined,
    readSecretKey: async () => "",
    onResult: ({ name }, result, milliseconds) => results.push([name, result, milliseconds]),
    onTurn: () => onTurn(),
    random: () => draws.shift() ?? draw,
  });
});
afterEach(() => {
  runner.stop();
  jest.useRealTimers();
});

describe("the loop", () => {
  test("checks at once, then at most one interval from start to start", async () => {
    run = () => new Promise((resolve) => setTimeout(resolve, 1_500, {}));
    runner.apply(config([dependency("a")]));
    await pass(10_000);
    expect(starts()).toStrictEqual([0, 5_000, 10_000]);
    expect(results).toStrictEqual([
      ["a", { ok: true, tls: undefined, detail: undefined }, 1_500],
      ["a", { ok: true, tls: undefined, detail: undefined }, 1_500],
    ]);
  });

  test("waits at least 0.9 of the interval", async () => {
    draw = 0;
    runner.apply(config([dependency("a")]));
    await pass(9_000);
    expect(starts()).toStrictEqual([0, 4_500, 9_000]);
  });

  test("waits in between for draws in between", async () => {
    draw = 0.5;
    runner.apply(config([dependency("a")]));
    await pass(4_750);
    expect(starts()).toStrictEqual([0, 4_750]);
  });

  test("takes along each other dependency whose shortest wait is over, and no other", async () => {
    draws = [1, 0];
    runner.apply(config([dependency("a"), dependency("b")]));
    await pass(3_000);
    draws = [1, 0, 1];
    runner.apply(config([dependency("a"), dependency("b"), dependency("late")]));
    await pass(1_500);
    expect(started.map(({ name, at }) => `${name} ${at}`)).toStrictEqual([
      "a 0",
      "b 0",
      "late 3000",
      "b 4500",
      "a 4500",
    ]);
    // Both went on from there.
    await pass(5_000);
    expect(started.slice(5).map(({ name, at }) => `${name} ${at}`)).toStrictEqual([
      "late 8000",
      "b 9500",
      "a 9500",
    ]);
  });

  test("says when checks were started by time, and lets the policy be changed there", async () => {
    const turns: number[] = [];
    onTurn = () => {
      turns.push(Date.now());
      if (turns.length === 2) runner.apply(config([dependency("other")]));
    };
    runner.apply(config([dependency("a"), dependency("b")]));
    await pass(10_000);
    expect(turns).toStrictEqual([5_000, 10_000]);
    expect(started.at(-1)).toMatchObject({ name: "other", at: 10_000 });
  });

  test("gives a check its budgets", async () => {
    runner.apply(config([dependency("a")]));
    await pass(0);
    expect(started[0]?.context).toMatchObject({
      connectTimeoutMilliseconds: 3_000,
      checkTimeoutMilliseconds: 4_000,
    });
  });

  test("dependencies do not wait for each other", async () => {
    run = (target, context) => (target.name === "a" ? never(target, context) : Promise.resolve({}));
    runner.apply(config([dependency("a"), dependency("b")]));
    await pass(0);
    expect(results.map(([name]) => name)).toStrictEqual(["b"]);
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
      "errno",
      () => Object.assign(new Error("secret"), { code: "ECONNREFUSED" }),
      { ok: false, reason: "ConnectionRefused" },
    ],
    ["not even an error", () => "boom", { ok: false, reason: "ProtocolError" }],
  ])("%s", async (_, error, want) => {
    run = async () => {
      throw error();
    };
    runner.apply(config([dependency("a")]));
    await pass(0);
    expect(results[0]?.[1]).toEqual(want);
  });

  test("a check that throws before it returns a promise", async () => {
    run = () => {
      throw new TypeError("x");
    };
    runner.apply(config([dependency("a")]));
    await pass(0);
    expect(reasons()).toStrictEqual(["ProtocolError"]);
  });

  test("a type of a later version is Unsupported", async () => {
    runner.apply(config([{ ...dependency("a"), type: "kafka2" }]));
    await pass(0);
    expect(reasons()).toStrictEqual(["Unsupported"]);
  });

  test("content that could not be read is Misconfigured", async () => {
    runner.apply(config([{ name: "a", type: "memcached", impact: "Gate" }]));
    await pass(0);
    expect(reasons()).toStrictEqual(["Misconfigured"]);
    expect(started).toStrictEqual([]);
  });

  test.each<[string, Check["run"]]>([
    ["success", async () => ({ detail: "x".repeat(10_000) })],
    ["failure", () => Promise.reject(new CheckError("TooFewServers", "x".repeat(10_000)))],
  ])("the detail of a %s has a bound", async (_, outcome) => {
    run = outcome;
    runner.apply(config([dependency("a")]));
    await pass(0);
    expect(results[0]?.[1].detail).toHaveLength(640);
  });

  test("the longest detail of a memcached ring fits into the bound", async () => {
    const longest = REASONS.reduce((a, b) => (a.length >= b.length ? a : b));
    const detail = Array.from({ length: 16 }, (_, index) => `servers[${index}]=${longest}`).join(
      " ",
    );
    run = async () => ({ detail });
    runner.apply(config([dependency("a")]));
    await pass(0);
    expect(results[0]?.[1].detail).toBe(detail);
  });
});

describe("the deadline", () => {
  test("ends a check that heeds its signal, with CheckTimeout", async () => {
    run = untilSignal;
    runner.apply(config([dependency("a")]));
    await pass(3_999);
    expect(results).toStrictEqual([]);
    await pass(1);
    expect(results).toStrictEqual([["a", { ok: false, reason: "CheckTimeout" }, 4_000]]);
  });

  test("whatever a check says about a connection that its own signal closed", async () => {
    run = (_, { signal }) =>
      new Promise((__, reject) => {
        signal.addEventListener("abort", () => reject(new CheckError("ConnectionClosed")));
      });
    runner.apply(config([dependency("a")]));
    await pass(4_000);
    expect(reasons()).toStrictEqual(["CheckTimeout"]);
  });

  test("a check of several parts may still say which of them was silent", async () => {
    run = (_, { signal }) =>
      new Promise((__, reject) => {
        const error = new CheckError("TooFewServers", "servers[0]=CheckTimeout");
        signal.addEventListener("abort", () => setTimeout(reject, 20, error));
      });
    runner.apply(config([dependency("a")]));
    await pass(4_020);
    expect(results[0]?.[1]).toStrictEqual({
      ok: false,
      reason: "TooFewServers",
      detail: "servers[0]=CheckTimeout",
    });
  });

  test("a check that never settles counts as failed each interval and gets no second one beside it", async () => {
    run = never;
    runner.apply(config([dependency("a")]));
    await pass(4_050);
    expect(reasons()).toStrictEqual(["CheckTimeout"]);
    await pass(11_000);
    expect(reasons()).toStrictEqual([
      "CheckTimeout",
      "CheckTimeout",
      "CheckTimeout",
      "CheckTimeout",
    ]);
    expect(started).toHaveLength(1);
  });

  test("once it settles after all, its result is ignored and the loop goes on", async () => {
    run = () => new Promise((resolve) => setTimeout(resolve, 6_000, {}));
    runner.apply(config([dependency("a")]));
    await pass(6_000);
    run = async () => ({});
    await pass(4_000);
    expect(starts()).toStrictEqual([0, 10_000]);
    expect(reasons()).toStrictEqual(["CheckTimeout", "CheckTimeout", "ok"]);
  });

  test("a rejection after the deadline does no harm", async () => {
    run = () => new Promise((_, reject) => setTimeout(reject, 4_500, new Error("late")));
    runner.apply(config([dependency("a")]));
    await pass(5_000);
    expect(reasons()[0]).toBe("CheckTimeout");
    expect(started).toHaveLength(2);
  });
});

describe("an edit", () => {
  test("keeps the check in flight of a dependency that is as before", async () => {
    run = untilSignal;
    runner.apply(config([dependency("a")]));
    await pass(1_000);
    runner.apply(config([dependency("a"), dependency("b")]));
    await pass(0);
    expect(started.map(({ name }) => name)).toStrictEqual(["a", "b"]);
    expect(started[0]?.context.signal.aborted).toBe(false);
  });

  test("ends the check of a dependency that is gone, and reports nothing of it", async () => {
    run = untilSignal;
    runner.apply(config([dependency("a")]));
    await pass(1_000);
    runner.apply(config([]));
    expect(started[0]?.context.signal.aborted).toBe(true);
    await pass(20_000);
    expect(started).toHaveLength(1);
    expect(results).toStrictEqual([]);
  });

  test("checks a dependency that has changed at once", async () => {
    runner.apply(config([dependency("a", "old")]));
    await pass(1_000);
    runner.apply(config([dependency("a", "new")]));
    await pass(4_999);
    expect(started.map(({ host, at }) => [host, at])).toStrictEqual([
      ["old", 0],
      ["new", 1_000],
    ]);
  });

  test("of an impact alone is a change of the dependency", async () => {
    runner.apply(config([dependency("a")]));
    await pass(1_000);
    runner.apply(config([{ ...dependency("a"), impact: "Observe" }]));
    await pass(0);
    expect(starts()).toStrictEqual([0, 1_000]);
  });

  test("of the interval counts from the last start", async () => {
    runner.apply(config([dependency("a")], { ...TIMING, intervalMilliseconds: 60_000 }));
    await pass(1_000);
    runner.apply(config([dependency("a")], { ...TIMING, intervalMilliseconds: 5_000 }));
    await pass(9_000);
    expect(starts()).toStrictEqual([0, 5_000, 10_000]);
  });

  test("to a shorter interval that is over already starts the next check now", async () => {
    runner.apply(config([dependency("a")], { ...TIMING, intervalMilliseconds: 60_000 }));
    await pass(30_000);
    runner.apply(config([dependency("a")]));
    await pass(0);
    expect(starts()).toStrictEqual([0, 30_000]);
  });

  test("to longer times leaves the check in flight and the next start where they are", async () => {
    run = untilSignal;
    runner.apply(config([dependency("a")]));
    await pass(1_000);
    runner.apply(config([dependency("a")], { ...TIMING, checkTimeoutMilliseconds: 4_500 }));
    expect(started[0]?.context.signal.aborted).toBe(false);
    await pass(4_000);
    expect(starts()).toStrictEqual([0, 5_000]);
    expect(started[1]?.context.checkTimeoutMilliseconds).toBe(4_500);
  });

  test.each([{ connectTimeoutMilliseconds: 200 }, { checkTimeoutMilliseconds: 300 }])(
    "to %j checks anew at once, and hears no more of the check in flight",
    async (shorter) => {
      run = () => new Promise((resolve) => setTimeout(resolve, 2_000, {}));
      runner.apply(config([dependency("a")]));
      await pass(1_000);
      run = untilSignal;
      runner.apply(config([dependency("a")], { ...TIMING, ...shorter }));
      await pass(0);
      expect(started[0]?.context.signal.aborted).toBe(true);
      expect(started[1]).toMatchObject({ at: 1_000, context: shorter });
      await pass(2_000);
      expect(reasons()).not.toContain("ok");
      expect(started).toHaveLength(2);
    },
  );

  test("that removes the policy ends everything", async () => {
    runner.apply(config([dependency("a"), dependency("b")]));
    await pass(0);
    runner.apply(undefined);
    await pass(60_000);
    expect(started).toHaveLength(2);
    expect(jest.getTimerCount()).toBe(0);
  });
});

test("stop ends every check in flight and leaves no timer", async () => {
  run = untilSignal;
  runner.apply(config([dependency("a"), dependency("b")]));
  await pass(1_000);
  runner.stop();
  await pass(0);
  expect(started.map(({ context }) => context.signal.aborted)).toStrictEqual([true, true]);
  expect(results).toStrictEqual([]);
  expect(jest.getTimerCount()).toBe(0);
});
