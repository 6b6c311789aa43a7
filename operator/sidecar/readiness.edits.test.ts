import { beforeEach, describe, expect, test } from "@jest/globals";
import type { PolicyFile } from "../api/policy-file.ts";
import {
  cache,
  createTestPod,
  database,
  newMarks,
  OK,
  policy,
  REFUSED,
  type TestPod,
  TIMING,
  WRONG_PASSWORD,
} from "./testing/test-pod.ts";
import type { CheckResult } from "./verdict.ts";

let pod: TestPod;

beforeEach(() => {
  pod = createTestPod();
});

describe("an edit in a pod that has been ready", () => {
  beforeEach(() => {
    pod.readiness.apply(policy([database()]));
    pod.record(OK);
    expect(pod.ready()).toBe(true);
  });

  test("to a wrong host leaves it ready, until that host has been up once", () => {
    pod.readiness.apply(policy([database("wrong")]));
    expect(pod.ready()).toBe(true);
    pod.record(REFUSED, REFUSED, REFUSED);
    expect(pod.ready()).toBe(true);
    pod.record(OK, REFUSED, REFUSED);
    expect(pod.ready()).toBe(false);
  });

  test("back to a host that was up before has to prove itself again", () => {
    pod.readiness.apply(policy([database("wrong")]));
    pod.readiness.apply(policy([database()]));
    pod.record(REFUSED, REFUSED, REFUSED);
    expect(pod.ready()).toBe(true);
  });

  test("of the impact is an edit of the dependency", () => {
    pod.readiness.apply(policy([database("db", { impact: "Observe" })]));
    pod.record(REFUSED, REFUSED);
    pod.readiness.apply(policy([database()]));
    pod.record(REFUSED, REFUSED);
    expect(pod.ready()).toBe(true);
  });

  test("that adds a dependency leaves it ready, with a success threshold too", () => {
    const timing = { ...TIMING, successThreshold: 2 };
    pod.readiness.apply(policy([database(), cache], { timing }));
    expect(pod.ready()).toBe(true);
    pod.readiness.record("cache", REFUSED, 1);
    pod.readiness.record("cache", OK, 1);
    expect(pod.ready()).toBe(true);
    pod.readiness.record("cache", REFUSED, 1);
    pod.readiness.record("cache", OK, 1);
    pod.readiness.record("cache", OK, 1);
    pod.readiness.record("cache", REFUSED, 1);
    pod.readiness.record("cache", REFUSED, 1);
    expect(pod.ready()).toBe(false);
  });

  test("that removes what holds it lets go at once", () => {
    pod.record(REFUSED, REFUSED);
    expect(pod.ready()).toBe(false);
    pod.readiness.apply(policy([cache]));
    expect(pod.ready()).toBe(true);
  });

  test("of another dependency changes nothing for the one that is down", () => {
    pod.record(REFUSED, REFUSED);
    pod.readiness.apply(policy([database(), cache]));
    expect(pod.ready()).toBe(false);
    expect(pod.readiness.view().verdict.gating).toStrictEqual(["db"]);
  });

  test("of times keeps state and counts, and no result turns stale through it", () => {
    pod.clock += 3_000;
    pod.readiness.apply(
      policy([database()], {
        timing: { ...TIMING, intervalMilliseconds: 500, failureThreshold: 1 },
        generation: 2,
      }),
    );
    expect(pod.ready()).toBe(true);
    expect(pod.readiness.view().generation).toBe(2);
    expect(pod.readiness.view().dependencies[0]?.counts.sumSeconds).toBeCloseTo(0.003);
    pod.record(REFUSED);
    expect(pod.ready()).toBe(false);
  });

  test("marks of contents that have gone are dropped with the policy", () => {
    pod.readiness.apply(undefined);
    expect(pod.marks).toMatchObject({ settled: {}, timeouts: undefined });
  });

  test("marks hold only contents that are in force", () => {
    expect(Object.keys(pod.marks.settled)).toStrictEqual(["db"]);
    pod.readiness.apply(policy([cache]));
    expect(pod.marks.settled).toStrictEqual({});
    pod.readiness.apply(policy([database()]));
    pod.record(OK);
    pod.readiness.apply(undefined);
    expect(pod.marks.settled).toStrictEqual({});
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
    pod.readiness.apply(policy([database()]));
    pod.record(OK);
    expect(pod.ready()).toBe(true);
  });

  test.each(LESS)("%s: too little does not empty a Service", (_, less) => {
    pod.readiness.apply(within(less));
    expect(pod.ready()).toBe(true);
    pod.record(SLOW, SLOW, SLOW);
    expect(pod.ready()).toBe(true);
    expect(pod.readiness.view().dependencies[0]?.state).toMatchObject({ up: { high: false } });
    expect(pod.readiness.view().dependencies[0]?.state.reason).toBe("CheckTimeout");
  });

  test.each(LESS)("%s: the first success in that time gates again", (_, less) => {
    pod.readiness.apply(within(less));
    pod.record(OK, SLOW, SLOW);
    expect(pod.ready()).toBe(false);
  });

  test.each(LESS)("%s: a restart of the sidecar brings nothing back", (_, less) => {
    pod.readiness.apply(within(less));
    pod.restart();
    pod.readiness.apply(within(less));
    pod.record(SLOW, SLOW, SLOW);
    expect(pod.ready()).toBe(true);
  });

  test.each(LESS)("%s: nor does it when the edit came while no sidecar ran", (_, less) => {
    pod.restart();
    pod.readiness.apply(within(less));
    pod.record(SLOW, SLOW, SLOW);
    expect(pod.ready()).toBe(true);
  });

  test("one that is down goes on gating, after a restart too", () => {
    pod.record(REFUSED, REFUSED);
    pod.readiness.apply(within({ checkTimeoutMilliseconds: 99 }));
    expect(pod.ready()).toBe(false);
    pod.record(REFUSED);
    pod.restart();
    pod.readiness.apply(within({ checkTimeoutMilliseconds: 99 }));
    pod.record(REFUSED, REFUSED);
    expect(pod.ready()).toBe(false);
  });

  test("one that is reported alone, for its password, has to be up again too", () => {
    pod.record(WRONG_PASSWORD, WRONG_PASSWORD);
    pod.readiness.apply(within({ checkTimeoutMilliseconds: 99 }));
    pod.record(SLOW, SLOW, SLOW);
    expect(pod.ready()).toBe(true);
  });

  test("more time, other intervals and thresholds change nothing", () => {
    pod.readiness.apply(
      within({
        connectTimeoutMilliseconds: 31,
        checkTimeoutMilliseconds: 101,
        intervalMilliseconds: 500,
        successThreshold: 3,
      }),
    );
    pod.record(SLOW, SLOW);
    expect(pod.ready()).toBe(false);
  });

  test("the same time as before the last edit is less than now", () => {
    pod.readiness.apply(within({ checkTimeoutMilliseconds: 200 }));
    pod.record(OK);
    pod.readiness.apply(within({}));
    pod.record(SLOW, SLOW);
    expect(pod.ready()).toBe(true);
  });

  test("in a new pod it gates from the start", () => {
    pod.marks = newMarks(pod.clock);
    pod.restart();
    pod.readiness.apply(policy([database(), cache]));
    pod.record(OK);
    pod.readiness.apply(within({ checkTimeoutMilliseconds: 99 }, [database(), cache]));
    pod.record(SLOW, SLOW);
    pod.readiness.record("cache", OK, 1);
    expect(pod.readiness.view().dependencies[0]?.settled).toBe(false);
    expect(pod.ready()).toBe(false);
  });
});

describe("a Secret that names another target, in a pod that has been ready", () => {
  const at = (target: string, result: CheckResult): CheckResult => ({ ...result, target });
  const UNREADABLE: CheckResult = { ok: false, reason: "Misconfigured" };

  beforeEach(() => {
    pod.readiness.apply(policy([database()]));
    pod.record(at("a", OK));
    expect(pod.ready()).toBe(true);
  });

  test("leaves it ready, until that target has been up once", () => {
    pod.record(at("b", REFUSED), at("b", REFUSED), at("b", REFUSED));
    expect(pod.ready()).toBe(true);
    expect(pod.readiness.view().dependencies[0]?.state.reason).toBe("ConnectionRefused");
    expect(pod.lines).toContain("dependency edited in its Secret db");
    pod.record(at("b", OK), at("b", REFUSED), at("b", REFUSED));
    expect(pod.ready()).toBe(false);
  });

  test("starts a count of its own: successes at the one before do not count for it", () => {
    pod.readiness.apply(
      policy([database()], { timing: { ...TIMING, failureThreshold: 1, successThreshold: 2 } }),
    );
    pod.record(at("b", REFUSED), at("b", OK), at("c", REFUSED), at("c", OK), at("c", REFUSED));
    expect(pod.ready()).toBe(true);
  });

  test("back to a target that was up before has to prove itself again", () => {
    pod.record(at("b", REFUSED), at("a", REFUSED), at("a", REFUSED));
    expect(pod.ready()).toBe(true);
  });

  test("lets go of a pod that is unready, as any edit does", () => {
    pod.record(at("a", REFUSED), at("a", REFUSED));
    expect(pod.ready()).toBe(false);
    pod.record(at("b", REFUSED), at("b", REFUSED));
    expect(pod.ready()).toBe(true);
  });

  test("is noticed after a restart too, when it was written while no sidecar ran", () => {
    pod.restart();
    pod.readiness.apply(policy([database()]));
    pod.record(at("b", REFUSED), at("b", REFUSED));
    expect(pod.ready()).toBe(true);
  });

  test("what it took away, a restart does not bring back", () => {
    pod.record(at("b", REFUSED));
    pod.restart();
    pod.readiness.apply(policy([database()]));
    pod.record(at("b", REFUSED), at("b", REFUSED));
    expect(pod.ready()).toBe(true);
  });

  test("the same target goes on gating, after a restart too", () => {
    pod.record(at("a", REFUSED));
    pod.restart();
    pod.readiness.apply(policy([database()]));
    pod.record(at("a", REFUSED), at("a", REFUSED));
    expect(pod.ready()).toBe(false);
  });

  test("one that cannot be read changes nothing", () => {
    pod.record(UNREADABLE, UNREADABLE);
    expect(pod.ready()).toBe(true);
    pod.record(at("a", REFUSED), at("a", REFUSED));
    expect(pod.ready()).toBe(false);
  });
});

describe("in a pod that has never been ready", () => {
  test("an edited dependency gates from the start", () => {
    pod.readiness.apply(policy([database("wrong")]));
    pod.record(REFUSED);
    pod.readiness.apply(policy([database("wrong-too")]));
    pod.record(REFUSED);
    expect(pod.ready()).toBe(false);
  });

  test("one whose Secret names another target does so too", () => {
    pod.readiness.apply(policy([database(), cache]));
    pod.record({ ...OK, target: "a" }, { ...REFUSED, target: "b" });
    pod.readiness.record("cache", OK, 1);
    expect(pod.ready()).toBe(false);
    pod.record({ ...OK, target: "b" });
    expect(pod.ready()).toBe(true);
  });
});
