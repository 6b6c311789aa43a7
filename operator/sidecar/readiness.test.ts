import { beforeEach, describe, expect, test } from "@jest/globals";
import { createReadiness } from "./readiness.ts";
import {
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

let pod: TestPod;

beforeEach(() => {
  pod = createTestPod();
});

describe("without a policy", () => {
  test("it waits two minutes from the pod's start, then lets go for good", () => {
    pod.readiness.apply(undefined);
    expect([pod.ready(), pod.reason()]).toStrictEqual([false, "Starting"]);
    pod.clock += 119_999;
    expect(pod.ready()).toBe(false);
    pod.clock += 1;
    expect([pod.ready(), pod.reason()]).toStrictEqual([true, "NoPolicy"]);
    expect(pod.marks.firstReady).toBe(true);
    expect(pod.marks.policySeen).toBe(false);
  });

  test("a restart does not start the two minutes anew", () => {
    pod.clock += 119_000;
    pod.restart();
    pod.readiness.apply(undefined);
    expect(pod.ready()).toBe(false);
    pod.clock += 1_000;
    expect(pod.ready()).toBe(true);
  });

  test("a policy that arrives after that cannot empty a Service", () => {
    pod.clock += 120_000;
    expect(pod.ready()).toBe(true);
    pod.readiness.apply(policy([database()]));
    pod.record(REFUSED, REFUSED, REFUSED);
    expect(pod.ready()).toBe(true);
    pod.record(OK, REFUSED, REFUSED);
    expect(pod.ready()).toBe(false);
  });

  test("nor can one with a password that was wrong all along, after a restart of the sidecar either", () => {
    pod.clock += 120_000;
    expect(pod.ready()).toBe(true);
    pod.restart();
    expect(pod.ready()).toBe(true);
    pod.readiness.apply(policy([database()]));
    pod.record(WRONG_PASSWORD, WRONG_PASSWORD, WRONG_PASSWORD);
    expect([pod.ready(), pod.reason()]).toStrictEqual([true, undefined]);
    pod.record(OK, REFUSED, REFUSED);
    expect(pod.ready()).toBe(false);
  });

  test("a new pod is gated by it from the start", () => {
    pod.clock += 119_999;
    expect(pod.ready()).toBe(false);
    pod.readiness.apply(policy([database()]));
    pod.clock += 60_000;
    pod.record(WRONG_PASSWORD, WRONG_PASSWORD);
    expect(pod.ready()).toBe(false);
  });

  test("one that was seen and is gone lets go at once, after a restart too", () => {
    pod.readiness.apply(policy([database()]));
    pod.record(REFUSED, REFUSED);
    expect(pod.ready()).toBe(false);
    pod.readiness.apply(undefined);
    expect([pod.ready(), pod.reason()]).toStrictEqual([true, "NoPolicy"]);

    pod.restart();
    pod.readiness.apply(undefined);
    expect([pod.ready(), pod.reason()]).toStrictEqual([true, "NoPolicy"]);
  });
});

describe("a policy file of a format that only a later sidecar reads", () => {
  test("lets a pod that never had another be ready at once, and says so", () => {
    pod.readiness.applyUnsupported(2);
    expect(pod.readiness.view()).toMatchObject({
      policy: undefined,
      unsupportedFormat: 2,
      verdict: { ready: true, reason: "Unsupported", gating: [] },
    });
  });

  test("leaves the policy before in force", () => {
    pod.readiness.apply(policy([database()]));
    pod.record(OK, REFUSED, REFUSED);
    pod.readiness.applyUnsupported(2);
    expect(pod.readiness.view()).toMatchObject({
      policy: "web",
      unsupportedFormat: 2,
      verdict: { ready: false, reason: undefined, gating: ["db"] },
    });
    pod.record(OK);
    expect(pod.ready()).toBe(true);
  });

  test("does not keep a restarted sidecar from being ready, nor forget what was settled", () => {
    pod.readiness.apply(policy([database()]));
    pod.record(OK);
    pod.restart();
    pod.readiness.applyUnsupported(2);
    expect([pod.ready(), pod.reason()]).toStrictEqual([true, "Unsupported"]);
    pod.restart();
    pod.readiness.apply(policy([database()]));
    pod.record(REFUSED, REFUSED);
    expect(pod.ready()).toBe(false);
  });

  test("is over with a file that can be read", () => {
    pod.readiness.applyUnsupported(2);
    pod.readiness.apply(policy([database()]));
    expect(pod.readiness.view()).toMatchObject({ policy: "web", unsupportedFormat: undefined });
  });

  test("and its removal does not make the pod wait for a policy", () => {
    pod.readiness.applyUnsupported(2);
    pod.readiness.apply(undefined);
    expect([pod.ready(), pod.reason()]).toStrictEqual([true, "NoPolicy"]);
  });
});

describe("gating", () => {
  test("a new pod with a wrong password never goes live; one that runs stays", () => {
    pod.readiness.apply(policy([database()]));
    pod.record(WRONG_PASSWORD, WRONG_PASSWORD, WRONG_PASSWORD);
    expect(pod.ready()).toBe(false);
    pod.record(OK);
    expect(pod.ready()).toBe(true);
    pod.record(WRONG_PASSWORD, WRONG_PASSWORD, WRONG_PASSWORD);
    expect(pod.ready()).toBe(true);
    expect(pod.readiness.view().dependencies[0]?.state).toMatchObject({
      up: { high: false },
      reason: "AuthenticationFailed",
    });
  });

  test("a restart of the sidecar keeps what has been earned", () => {
    pod.readiness.apply(policy([database()]));
    pod.record(OK);
    pod.restart();
    pod.readiness.apply(policy([database()]));
    expect(pod.ready()).toBe(false);
    pod.record(WRONG_PASSWORD);
    expect(pod.ready()).toBe(true);
    pod.record(REFUSED, REFUSED);
    expect(pod.ready()).toBe(false);
  });

  test("Observe never gates", () => {
    pod.readiness.apply(policy([database("db", { impact: "Observe" })]));
    pod.record(REFUSED, REFUSED);
    expect(pod.ready()).toBe(true);
  });

  test("a type of a later version is observed", () => {
    pod.readiness.apply(policy([{ name: "db", type: "kafka2", impact: "Gate" }]));
    expect(pod.ready()).toBe(true);
    pod.record({ ok: false, reason: "Unsupported" });
    expect(pod.readiness.view().dependencies[0]).toMatchObject({ impact: "Observe" });
    expect(pod.ready()).toBe(true);
  });

  test("a key that only a new pod mounts does not keep an old one unready", () => {
    pod.readiness.apply(policy([database()]));
    pod.record({ ok: false, reason: "NeedsRestart" });
    expect(pod.ready()).toBe(true);
  });

  test("a result that never comes again makes the pod unready", () => {
    pod.readiness.apply(policy([database()]));
    pod.record(OK);
    pod.clock += 5_000 + 100 + 1_000;
    expect(pod.ready()).toBe(false);
    expect(pod.readiness.view().dependencies[0]?.state.reason).toBe("CheckTimeout");
  });
});

test("each transition is one line, whatever comes in between", () => {
  pod.readiness.apply(policy([database()]));
  pod.record(OK, REFUSED, OK, REFUSED, REFUSED, REFUSED, WRONG_PASSWORD, OK, OK);
  for (let second = 0; second < 20; second += 1) pod.readiness.refresh();
  expect(pod.lines).toStrictEqual([
    "policy in force",
    "pod not ready Starting",
    "dependency up db",
    "pod ready",
    "dependency down db ConnectionRefused",
    "pod not ready",
    "dependency down db AuthenticationFailed",
    "pod ready",
    "dependency up db",
  ]);
});

test("a dependency that is down from the start is one line too", () => {
  pod.readiness.apply(policy([database()]));
  pod.record(REFUSED, REFUSED);
  expect(pod.lines).toStrictEqual([
    "policy in force",
    "pod not ready Starting",
    "dependency down db ConnectionRefused",
  ]);
});

test("a result of a dependency that is no more changes nothing", () => {
  pod.readiness.record("gone", OK, 3);
  pod.readiness.apply(policy([database()]));
  const before = pod.readiness.view();
  pod.readiness.record("gone", OK, 3);
  expect(pod.readiness.view()).toStrictEqual(before);
});

test("by the program's own clocks a pod that has just started awaits its policy", () => {
  const marks = { current: () => newMarks(Date.now()), update: () => {} };
  const readiness = createReadiness({ marks, supportedTypes: [], log: () => {} });
  expect(readiness.view().verdict).toMatchObject({ ready: false, reason: "Starting" });
});

describe("the passing of time", () => {
  const whole = () => [pod.marks, [...pod.lines]];

  test("shows in every answer at once and is noted by none", () => {
    pod.readiness.apply(policy([database()]));
    pod.record(OK);
    const before = whole();
    pod.clock += 6_100;
    for (let probe = 0; probe < 3; probe += 1) {
      expect(pod.readiness.view().verdict).toMatchObject({ ready: false, gating: ["db"] });
      expect(pod.readiness.view().dependencies[0]?.state.reason).toBe("CheckTimeout");
      pod.readiness.awaitsResults();
    }
    expect(whole()).toStrictEqual(before);
  });

  test("is noted by refresh, once, and changes no answer", () => {
    pod.readiness.apply(policy([database()]));
    pod.record(OK);
    pod.clock += 6_100;
    const before = pod.readiness.view();
    const known = pod.lines.length;
    pod.readiness.refresh();
    pod.readiness.refresh();
    expect(pod.readiness.view()).toStrictEqual(before);
    expect(pod.lines.slice(known)).toStrictEqual([
      "dependency down db CheckTimeout",
      "pod not ready",
    ]);
  });

  test("a pod let go without a policy is marked as ready by refresh alone", () => {
    pod.readiness.apply(undefined);
    pod.clock += 120_000;
    expect(pod.readiness.view().verdict.ready).toBe(true);
    expect(pod.marks.firstReady).toBe(false);
    pod.readiness.refresh();
    expect(pod.marks.firstReady).toBe(true);
  });

  test("a policy that comes before the next refresh finds a pod that has been ready", () => {
    pod.readiness.apply(undefined);
    pod.clock += 120_000;
    pod.readiness.apply(policy([database()]));
    pod.record(REFUSED, REFUSED);
    expect(pod.ready()).toBe(true);
  });

  const slowToTrust = policy([database()], { timing: { ...TIMING, successThreshold: 3 } });

  test("a gap without results holds a healthy pod no longer than until the first one", () => {
    pod.readiness.apply(slowToTrust);
    pod.record(OK);
    pod.clock += 60_000;
    expect(pod.ready()).toBe(false);
    pod.readiness.record("db", OK, 3);
    expect(pod.ready()).toBe(true);
  });

  test("successes before and after a gap do not count together, though nobody looked in between", () => {
    const { readiness } = pod;
    readiness.apply(policy([database()], { timing: { ...TIMING, successThreshold: 2 } }));
    readiness.record("db", REFUSED, 3);
    pod.clock += 5_000;
    readiness.record("db", OK, 3);
    pod.clock += 60_000;
    readiness.record("db", OK, 3);
    expect(pod.ready()).toBe(false);
  });

  test("nor does a restart, and no dependency is said to be down that has not failed", () => {
    pod.readiness.apply(slowToTrust);
    pod.record(OK);
    pod.restart();
    const known = pod.lines.length;
    pod.readiness.apply(slowToTrust);
    pod.record(OK);
    expect(pod.ready()).toBe(true);
    expect(pod.lines.slice(known)).not.toContainEqual(expect.stringContaining("down"));
  });
});
