import { getEventListeners } from "node:events";
import { afterEach, beforeEach, describe, expect, jest, test } from "@jest/globals";
import type { DependencyConfig, PolicyFile } from "../api/policy-file.ts";
import type { Marks, MarksFile } from "./marks.ts";
import { createReadiness, type Readiness } from "./readiness.ts";
import type { CheckResult } from "./verdict.ts";

const TIMING = {
  connectTimeoutMilliseconds: 30,
  checkTimeoutMilliseconds: 100,
  intervalMilliseconds: 5_000,
  failureThreshold: 2,
  successThreshold: 1,
};
const OK: CheckResult = { ok: true };
const REFUSED: CheckResult = { ok: false, reason: "ConnectionRefused" };
const WRONG_PASSWORD: CheckResult = { ok: false, reason: "AuthenticationFailed" };

const database = (host = "db", more: Partial<DependencyConfig> = {}): DependencyConfig => ({
  name: "db",
  type: "postgresql",
  impact: "Gate",
  postgresql: { host, query: "SELECT 1" },
  ...more,
});
const cache: DependencyConfig = {
  name: "cache",
  type: "memcached",
  impact: "Gate",
  memcached: { servers: [{ host: "c", port: 1 }], minAvailable: 1 },
};
const policy = (dependencies: DependencyConfig[], more: Partial<PolicyFile> = {}): PolicyFile => ({
  policy: "web",
  generation: 1,
  timing: TIMING,
  dependencies,
  ...more,
});

let clock: number;
let marks: Marks;
let lines: string[];
let readiness: Readiness;

/** The program as it starts: from the marks that the one before it left. */
function restart(): void {
  const file: MarksFile = {
    current: () => marks,
    update: (change) => {
      marks = { ...marks, ...change };
    },
  };
  readiness = createReadiness({
    marks: file,
    supportedTypes: ["memcached", "postgresql"],
    log: (_, message, fields) => {
      lines.push([message, fields?.dependency, fields?.reason].filter(Boolean).join(" "));
    },
    now: () => ({ monotonic: clock, wall: clock }),
  });
}

function record(...results: CheckResult[]): void {
  for (const result of results) {
    readiness.record("db", result, 3);
    clock += 1_000;
  }
}
/** Whether it is ready, with the passing of time taken in, as the program does after each look at the policy file. */
function ready(): boolean {
  readiness.refresh();
  return readiness.view().verdict.ready;
}
const reason = () => readiness.view().verdict.reason;

beforeEach(() => {
  clock = 1_000_000;
  marks = { podStartedAt: clock, policySeen: false, firstReady: false, settled: {} };
  lines = [];
  restart();
});
afterEach(() => {
  jest.useRealTimers();
});

describe("without a policy", () => {
  test("it waits two minutes from the pod's start, then lets go for good", () => {
    readiness.apply(undefined);
    expect([ready(), reason()]).toStrictEqual([false, "Starting"]);
    clock += 119_999;
    expect(ready()).toBe(false);
    clock += 1;
    expect([ready(), reason()]).toStrictEqual([true, "NoPolicy"]);
    expect(marks.firstReady).toBe(true);
    expect(marks.policySeen).toBe(false);
  });

  test("a restart does not start the two minutes anew", () => {
    clock += 119_000;
    restart();
    readiness.apply(undefined);
    expect(ready()).toBe(false);
    clock += 1_000;
    expect(ready()).toBe(true);
  });

  test("a policy that arrives after that cannot empty a Service", () => {
    clock += 120_000;
    expect(ready()).toBe(true);
    readiness.apply(policy([database()]));
    record(REFUSED, REFUSED, REFUSED);
    expect(ready()).toBe(true);
    record(OK, REFUSED, REFUSED);
    expect(ready()).toBe(false);
  });

  test("nor can one with a password that was wrong all along, after a restart of the sidecar either", () => {
    clock += 120_000;
    expect(ready()).toBe(true);
    restart();
    expect(ready()).toBe(true);
    readiness.apply(policy([database()]));
    record(WRONG_PASSWORD, WRONG_PASSWORD, WRONG_PASSWORD);
    expect([ready(), reason()]).toStrictEqual([true, undefined]);
    record(OK, REFUSED, REFUSED);
    expect(ready()).toBe(false);
  });

  test("a new pod is gated by it from the start", () => {
    clock += 119_999;
    expect(ready()).toBe(false);
    readiness.apply(policy([database()]));
    clock += 60_000;
    record(WRONG_PASSWORD, WRONG_PASSWORD);
    expect(ready()).toBe(false);
  });

  test("one that was seen and is gone lets go at once, after a restart too", () => {
    readiness.apply(policy([database()]));
    record(REFUSED, REFUSED);
    expect(ready()).toBe(false);
    readiness.apply(undefined);
    expect([ready(), reason()]).toStrictEqual([true, "NoPolicy"]);

    restart();
    readiness.apply(undefined);
    expect([ready(), reason()]).toStrictEqual([true, "NoPolicy"]);
  });
});

describe("a policy file of a format that only a later sidecar reads", () => {
  test("lets a pod that never had another be ready at once, and says so", () => {
    readiness.applyUnsupported(2);
    expect(readiness.view()).toMatchObject({
      policy: undefined,
      unsupportedFormat: 2,
      verdict: { ready: true, reason: "Unsupported", gating: [] },
    });
  });

  test("leaves the policy before in force", () => {
    readiness.apply(policy([database()]));
    record(OK, REFUSED, REFUSED);
    readiness.applyUnsupported(2);
    expect(readiness.view()).toMatchObject({
      policy: "web",
      unsupportedFormat: 2,
      verdict: { ready: false, reason: undefined, gating: ["db"] },
    });
    record(OK);
    expect(ready()).toBe(true);
  });

  test("does not keep a restarted sidecar from being ready, nor forget what was settled", () => {
    readiness.apply(policy([database()]));
    record(OK);
    restart();
    readiness.applyUnsupported(2);
    expect([ready(), reason()]).toStrictEqual([true, "Unsupported"]);
    restart();
    readiness.apply(policy([database()]));
    record(REFUSED, REFUSED);
    expect(ready()).toBe(false);
  });

  test("is over with a file that can be read", () => {
    readiness.applyUnsupported(2);
    readiness.apply(policy([database()]));
    expect(readiness.view()).toMatchObject({ policy: "web", unsupportedFormat: undefined });
  });

  test("and its removal does not make the pod wait for a policy", () => {
    readiness.applyUnsupported(2);
    readiness.apply(undefined);
    expect([ready(), reason()]).toStrictEqual([true, "NoPolicy"]);
  });
});

describe("gating", () => {
  test("a new pod with a wrong password never goes live; one that runs stays", () => {
    readiness.apply(policy([database()]));
    record(WRONG_PASSWORD, WRONG_PASSWORD, WRONG_PASSWORD);
    expect(ready()).toBe(false);
    record(OK);
    expect(ready()).toBe(true);
    record(WRONG_PASSWORD, WRONG_PASSWORD, WRONG_PASSWORD);
    expect(ready()).toBe(true);
    expect(readiness.view().dependencies[0]?.state).toMatchObject({
      up: { high: false },
      reason: "AuthenticationFailed",
    });
  });

  test("a restart of the sidecar keeps what has been earned", () => {
    readiness.apply(policy([database()]));
    record(OK);
    restart();
    readiness.apply(policy([database()]));
    expect(ready()).toBe(false);
    record(WRONG_PASSWORD);
    expect(ready()).toBe(true);
    record(REFUSED, REFUSED);
    expect(ready()).toBe(false);
  });

  test("Observe never gates", () => {
    readiness.apply(policy([database("db", { impact: "Observe" })]));
    record(REFUSED, REFUSED);
    expect(ready()).toBe(true);
  });

  test("a type of a later version is observed", () => {
    readiness.apply(policy([{ name: "db", type: "kafka2", impact: "Gate" }]));
    expect(ready()).toBe(true);
    record({ ok: false, reason: "Unsupported" });
    expect(readiness.view().dependencies[0]).toMatchObject({ impact: "Observe" });
    expect(ready()).toBe(true);
  });

  test("a key that only a new pod mounts does not keep an old one unready", () => {
    readiness.apply(policy([database()]));
    record({ ok: false, reason: "NeedsRestart" });
    expect(ready()).toBe(true);
  });

  test("a result that never comes again makes the pod unready", () => {
    readiness.apply(policy([database()]));
    record(OK);
    clock += 5_000 + 100 + 1_000;
    expect(ready()).toBe(false);
    expect(readiness.view().dependencies[0]?.state.reason).toBe("CheckTimeout");
  });
});

describe("an edit in a pod that has been ready", () => {
  beforeEach(() => {
    readiness.apply(policy([database()]));
    record(OK);
    expect(ready()).toBe(true);
  });

  test("to a wrong host leaves it ready, until that host has been up once", () => {
    readiness.apply(policy([database("wrong")]));
    expect(ready()).toBe(true);
    record(REFUSED, REFUSED, REFUSED);
    expect(ready()).toBe(true);
    record(OK, REFUSED, REFUSED);
    expect(ready()).toBe(false);
  });

  test("back to a host that was up before has to prove itself again", () => {
    readiness.apply(policy([database("wrong")]));
    readiness.apply(policy([database()]));
    record(REFUSED, REFUSED, REFUSED);
    expect(ready()).toBe(true);
  });

  test("of the impact is an edit of the dependency", () => {
    readiness.apply(policy([database("db", { impact: "Observe" })]));
    record(REFUSED, REFUSED);
    readiness.apply(policy([database()]));
    record(REFUSED, REFUSED);
    expect(ready()).toBe(true);
  });

  test("that adds a dependency leaves it ready, with a success threshold too", () => {
    const timing = { ...TIMING, successThreshold: 2 };
    readiness.apply(policy([database(), cache], { timing }));
    expect(ready()).toBe(true);
    readiness.record("cache", OK, 1);
    expect(ready()).toBe(true);
    readiness.record("cache", OK, 1);
    readiness.record("cache", REFUSED, 1);
    readiness.record("cache", REFUSED, 1);
    expect(ready()).toBe(false);
  });

  test("that removes what holds it lets go at once", () => {
    record(REFUSED, REFUSED);
    expect(ready()).toBe(false);
    readiness.apply(policy([cache]));
    expect(ready()).toBe(true);
  });

  test("of another dependency changes nothing for the one that is down", () => {
    record(REFUSED, REFUSED);
    readiness.apply(policy([database(), cache]));
    expect(ready()).toBe(false);
    expect(readiness.view().verdict.gating).toStrictEqual(["db"]);
  });

  test("of times keeps state and counts, and no result turns stale through it", () => {
    clock += 3_000;
    readiness.apply(
      policy([database()], {
        timing: { ...TIMING, intervalMilliseconds: 500, failureThreshold: 1 },
        generation: 2,
      }),
    );
    expect(ready()).toBe(true);
    expect(readiness.view().generation).toBe(2);
    expect(readiness.view().dependencies[0]?.counts.sumSeconds).toBeCloseTo(0.003);
    record(REFUSED);
    expect(ready()).toBe(false);
  });

  test("marks of contents that have gone are dropped with the policy", () => {
    readiness.apply(undefined);
    expect(marks).toMatchObject({ settled: {}, timeouts: undefined });
  });

  test("marks hold only contents that are in force", () => {
    expect(Object.keys(marks.settled)).toStrictEqual(["db"]);
    readiness.apply(policy([cache]));
    expect(marks.settled).toStrictEqual({});
    readiness.apply(policy([database()]));
    record(OK);
    readiness.apply(undefined);
    expect(marks.settled).toStrictEqual({});
  });
});

describe("less time for checks, in a pod that has been ready", () => {
  const SLOW: CheckResult = { ok: false, reason: "CheckTimeout" };
  const within = (more: Partial<PolicyFile["timing"]>, dependencies = [database()]) =>
    policy(dependencies, { timing: { ...TIMING, ...more } });
  const LESS: [string, Partial<PolicyFile["timing"]>][] = [
    ["checkTimeout", { checkTimeoutMilliseconds: 99 }],
    ["connectTimeout", { connectTimeoutMilliseconds: 29 }],
    ["one of them", { connectTimeoutMilliseconds: 29, checkTimeoutMilliseconds: 200 }],
  ];

  beforeEach(() => {
    readiness.apply(policy([database()]));
    record(OK);
    expect(ready()).toBe(true);
  });

  test.each(LESS)("%s: too little does not empty a Service", (_, less) => {
    readiness.apply(within(less));
    expect(ready()).toBe(true);
    record(SLOW, SLOW, SLOW);
    expect(ready()).toBe(true);
    expect(readiness.view().dependencies[0]?.state).toMatchObject({ up: { high: false } });
    expect(readiness.view().dependencies[0]?.state.reason).toBe("CheckTimeout");
  });

  test.each(LESS)("%s: the first success in that time gates again", (_, less) => {
    readiness.apply(within(less));
    record(OK, SLOW, SLOW);
    expect(ready()).toBe(false);
  });

  test.each(LESS)("%s: a restart of the sidecar brings nothing back", (_, less) => {
    readiness.apply(within(less));
    restart();
    readiness.apply(within(less));
    record(SLOW, SLOW, SLOW);
    expect(ready()).toBe(true);
  });

  test.each(LESS)("%s: nor does it when the edit came while no sidecar ran", (_, less) => {
    restart();
    readiness.apply(within(less));
    record(SLOW, SLOW, SLOW);
    expect(ready()).toBe(true);
  });

  test("one that is down goes on gating, after a restart too", () => {
    record(REFUSED, REFUSED);
    readiness.apply(within({ checkTimeoutMilliseconds: 99 }));
    expect(ready()).toBe(false);
    record(REFUSED);
    restart();
    readiness.apply(within({ checkTimeoutMilliseconds: 99 }));
    record(REFUSED, REFUSED);
    expect(ready()).toBe(false);
  });

  test("one that is reported alone, for its password, has to be up again too", () => {
    record(WRONG_PASSWORD, WRONG_PASSWORD);
    readiness.apply(within({ checkTimeoutMilliseconds: 99 }));
    record(SLOW, SLOW, SLOW);
    expect(ready()).toBe(true);
  });

  test("more time, other intervals and thresholds change nothing", () => {
    readiness.apply(
      within({
        connectTimeoutMilliseconds: 31,
        checkTimeoutMilliseconds: 101,
        intervalMilliseconds: 500,
        successThreshold: 3,
      }),
    );
    record(SLOW, SLOW);
    expect(ready()).toBe(false);
  });

  test("the same time as before the last edit is less than now", () => {
    readiness.apply(within({ checkTimeoutMilliseconds: 200 }));
    record(OK);
    readiness.apply(within({}));
    record(SLOW, SLOW);
    expect(ready()).toBe(true);
  });

  test("in a new pod it gates from the start", () => {
    marks = { podStartedAt: clock, policySeen: false, firstReady: false, settled: {} };
    restart();
    readiness.apply(policy([database(), cache]));
    record(OK);
    readiness.apply(within({ checkTimeoutMilliseconds: 99 }, [database(), cache]));
    record(SLOW, SLOW);
    readiness.record("cache", OK, 1);
    expect(readiness.view().dependencies[0]?.settled).toBe(false);
    expect(ready()).toBe(false);
  });
});

describe("in a pod that has never been ready", () => {
  test("an edited dependency gates from the start", () => {
    readiness.apply(policy([database("wrong")]));
    record(REFUSED);
    readiness.apply(policy([database("wrong-too")]));
    record(REFUSED);
    expect(ready()).toBe(false);
  });
});

test("each transition is one line, whatever comes in between", () => {
  readiness.apply(policy([database()]));
  record(OK, REFUSED, OK, REFUSED, REFUSED, REFUSED, WRONG_PASSWORD, OK, OK);
  for (let second = 0; second < 20; second += 1) readiness.refresh();
  expect(lines).toStrictEqual([
    "policy in force",
    "pod not ready Starting",
    "dependency up db",
    "pod ready",
    "dependency down db ConnectionRefused",
    "pod not ready",
    "pod ready",
    "dependency up db",
  ]);
});

test("a dependency that is down from the start is one line too", () => {
  readiness.apply(policy([database()]));
  record(REFUSED, REFUSED);
  expect(lines).toStrictEqual([
    "policy in force",
    "pod not ready Starting",
    "dependency down db ConnectionRefused",
  ]);
});

describe("the passing of time", () => {
  const whole = () => [marks, [...lines]];

  test("shows in every answer at once and is noted by none", () => {
    readiness.apply(policy([database()]));
    record(OK);
    const before = whole();
    clock += 6_100;
    for (let probe = 0; probe < 3; probe += 1) {
      expect(readiness.view().verdict).toMatchObject({ ready: false, gating: ["db"] });
      expect(readiness.view().dependencies[0]?.state.reason).toBe("CheckTimeout");
      readiness.awaitsResults();
    }
    expect(whole()).toStrictEqual(before);
  });

  test("is noted by refresh, once, and changes no answer", () => {
    readiness.apply(policy([database()]));
    record(OK);
    clock += 6_100;
    const before = readiness.view();
    const known = lines.length;
    readiness.refresh();
    readiness.refresh();
    expect(readiness.view()).toStrictEqual(before);
    expect(lines.slice(known)).toStrictEqual(["dependency down db CheckTimeout", "pod not ready"]);
  });

  test("a pod let go without a policy is marked as ready by refresh alone", () => {
    readiness.apply(undefined);
    clock += 120_000;
    expect(readiness.view().verdict.ready).toBe(true);
    expect(marks.firstReady).toBe(false);
    readiness.refresh();
    expect(marks.firstReady).toBe(true);
  });

  test("a policy that comes before the next refresh finds a pod that has been ready", () => {
    readiness.apply(undefined);
    clock += 120_000;
    readiness.apply(policy([database()]));
    record(REFUSED, REFUSED);
    expect(ready()).toBe(true);
  });

  test("after a gap a dependency has to earn its successes anew", () => {
    const timing = { ...TIMING, successThreshold: 2 };
    readiness.apply(policy([database()], { timing }));
    record(OK, OK);
    expect(readiness.view().verdict.ready).toBe(true);
    clock += 60_000;
    readiness.record("db", OK, 3);
    expect(readiness.view().verdict.ready).toBe(false);
    readiness.record("db", OK, 3);
    expect(readiness.view().verdict.ready).toBe(true);
  });
});

describe("waiting for first results", () => {
  const signal = () => new AbortController().signal;

  test("ends with the last one that could gate", async () => {
    readiness.apply(
      policy([database(), cache, database("o", { name: "observed", impact: "Observe" })]),
    );
    let done = false;
    const waiting = readiness.firstResults(signal()).then(() => {
      done = true;
    });
    readiness.record("db", OK, 1);
    await new Promise(setImmediate);
    expect(done).toBe(false);
    readiness.record("cache", REFUSED, 1);
    await waiting;
  });

  test("ends after checkTimeout", async () => {
    readiness.apply(policy([database()]));
    const startedAt = performance.now();
    await readiness.firstResults(signal());
    expect(performance.now() - startedAt).toBeGreaterThan(90);
    expect(performance.now() - startedAt).toBeLessThan(1_000);
  });

  test("ends when the client has gone", async () => {
    readiness.apply(
      policy([database()], { timing: { ...TIMING, checkTimeoutMilliseconds: 60_000 } }),
    );
    const client = new AbortController();
    const waiting = readiness.firstResults(client.signal);
    client.abort();
    await waiting;
  });

  test("lets go of the client's signal when the result is in", async () => {
    readiness.apply(policy([database()]));
    const client = new AbortController();
    const waiting = readiness.firstResults(client.signal);
    expect(getEventListeners(client.signal, "abort")).toHaveLength(1);
    readiness.record("db", OK, 1);
    await waiting;
    expect(getEventListeners(client.signal, "abort")).toHaveLength(0);
  });

  test("leaves nothing behind when the client has gone", async () => {
    jest.useFakeTimers();
    let looks = 0;
    const current = () => {
      looks += 1;
      return marks;
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
    readiness.apply(
      policy([database()], { timing: { ...TIMING, checkTimeoutMilliseconds: 60_000 } }),
    );
    const waiting = readiness.firstResults(signal());
    readiness.apply(policy([]));
    await waiting;
  });

  test("is over at once where nothing gates", async () => {
    await readiness.firstResults(signal());
    readiness.apply(policy([database("db", { impact: "Observe" })]));
    await readiness.firstResults(signal());
    expect(marks.firstReady).toBe(true);
  });
});
