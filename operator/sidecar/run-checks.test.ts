import { afterEach, beforeEach, describe, expect, jest, test } from "@jest/globals";
import { REASONS } from "../api/reasons.ts";
import { TIMING } from "../api/testing/timing.ts";
import { type Check, CheckError, misconfigured } from "./checks/check.ts";
import {
  config,
  createTestChecks,
  dependency,
  never,
  pass,
  type TestChecks,
  untilSignal,
} from "./testing/test-checks.ts";
import type { CheckResult } from "./verdict.ts";

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

  test("has what its checks met at addresses, and no other dependency's or an edited one's", async () => {
    const orders = (name: string) =>
      checks.started.filter((one) => one.name === name).map(({ context }) => context.addressOrder);
    checks.runner.apply(config([dependency("a"), dependency("b")]));
    await pass(5_000);
    const [first, second] = orders("a");
    expect(first).toBeDefined();
    expect(second).toBe(first);
    expect(orders("b")).not.toContain(first);
    checks.runner.apply(config([dependency("a", "elsewhere")]));
    await pass(0);
    expect(orders("a")[2]).not.toBe(first);
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

  test("gives a check its budgets, of which what has passed is gone", async () => {
    checks.runner.apply(config([dependency("a")]));
    await pass(0);
    const context = checks.started[0]?.context;
    expect(context?.connectTimeoutMilliseconds).toBe(3_000);
    expect(context?.remainingMilliseconds()).toBe(4_000);
    await pass(1_500);
    expect(context?.remainingMilliseconds()).toBe(2_500);
  });

  test("a refused login is made with its line break at the dependency's next check, which tells of it", async () => {
    const sent: string[] = [];
    checks.run = async ({ name }, { lineBreaks }) => {
      sent.push(`${name} ${JSON.stringify(lineBreaks?.asSent(["pencil\n"])[0])}`);
      if (name === "up") return {};
      throw new CheckError("AuthenticationFailed");
    };
    checks.runner.apply(config([dependency("up"), dependency("down")]));
    await pass(5_000);
    expect(sent).toStrictEqual(['up "pencil"', 'down "pencil"', 'up "pencil"', 'down "pencil\\n"']);
    const said = { detail: "a value in the Secret ends in a line break" };
    expect(checks.results.map(([, result]) => result)).toMatchObject([
      { ok: true },
      said,
      {},
      said,
    ]);
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
      () => new CheckError("TooFewServers", { detail: "servers[1]=ConnectionRefused" }),
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
    [
      "failure",
      () => Promise.reject(new CheckError("TooFewServers", { detail: "x".repeat(10_000) })),
    ],
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

describe("where a check goes", () => {
  const results = () => checks.results.map(([, result]) => result);

  /** The first check, which says where it went. */
  async function goesToA(): Promise<void> {
    checks.run = async (_, { onTarget }) => {
      onTarget?.("a");
      return {};
    };
    checks.runner.apply(config([dependency("x")]));
    await pass(0);
  }

  test("it stands in each result, whatever that is", async () => {
    await goesToA();
    checks.run = async (_, { onTarget }) => {
      onTarget?.("b");
      throw new CheckError("ConnectionRefused");
    };
    await pass(TIMING.intervalMilliseconds);
    checks.run = (own, context) => {
      context.onTarget?.("c");
      return untilSignal(own, context);
    };
    await pass(TIMING.intervalMilliseconds + TIMING.checkTimeoutMilliseconds);
    expect(results()).toMatchObject([
      { ok: true, target: "a" },
      { reason: "ConnectionRefused", target: "b" },
      { reason: "CheckTimeout", target: "c" },
    ]);
  });

  test("a check that cannot say it does not say where the one before went", async () => {
    await goesToA();
    checks.run = async () => {
      throw new CheckError("CredentialsMissing");
    };
    await pass(TIMING.intervalMilliseconds);
    expect(results()).toStrictEqual([
      { ok: true, tls: undefined, detail: undefined, target: "a" },
      { ok: false, reason: "CredentialsMissing", detail: undefined },
    ]);
  });

  test("results of a type that never says it have none", async () => {
    checks.runner.apply(config([dependency("x")]));
    await pass(0);
    expect(results()[0]).not.toHaveProperty("target");
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
