import { beforeEach, describe, expect, test } from "@jest/globals";
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

const needed = (host = "db") => database(host, { impact: "Startup" });
const other = database("other", { name: "other" });

let pod: TestPod;

beforeEach(() => {
  pod = createTestPod();
  pod.readiness.apply(policy([needed(), other]));
});

describe("a dependency that is needed at the start only", () => {
  test("holds the pod back until it has been up once, and is only reported from then on", () => {
    pod.readiness.record("other", OK, 1);
    pod.record(REFUSED, REFUSED);
    expect(pod.ready()).toBe(false);
    pod.record(OK);
    expect(pod.ready()).toBe(true);
    pod.record(REFUSED, REFUSED, REFUSED);
    expect(pod.ready()).toBe(true);
    expect(pod.readiness.view().dependencies[0]?.state.reason).toBe("ConnectionRefused");
  });

  test("need not be up any more while the pod waits for another", () => {
    pod.record(OK, REFUSED, REFUSED);
    pod.readiness.record("other", REFUSED, 1);
    expect(pod.readiness.view().verdict.gating).toStrictEqual(["other"]);
    pod.readiness.record("other", OK, 1);
    expect(pod.ready()).toBe(true);
  });

  test("has passed for the next sidecar of the pod too, before the pod has been ready", () => {
    pod.record(OK);
    expect(pod.ready()).toBe(false);
    pod.restart();
    pod.readiness.apply(policy([needed(), other]));
    pod.record(REFUSED, REFUSED);
    pod.readiness.record("other", OK, 1);
    expect(pod.ready()).toBe(true);
  });

  test("has not passed in a new pod", () => {
    pod.record(OK);
    pod.marks = newMarks(pod.clock);
    pod.restart();
    pod.readiness.apply(policy([needed(), other]));
    pod.record(REFUSED);
    pod.readiness.record("other", OK, 1);
    expect(pod.ready()).toBe(false);
  });

  test("has to be up again for as many checks as the success threshold says", () => {
    pod.readiness.apply(policy([needed()], { timing: { ...TIMING, successThreshold: 2 } }));
    pod.record(REFUSED, OK, REFUSED, OK);
    expect(pod.ready()).toBe(false);
    pod.record(OK);
    expect(pod.ready()).toBe(true);
  });

  test("holds the pod back for a wrong password too", () => {
    pod.readiness.record("other", OK, 1);
    pod.record(WRONG_PASSWORD);
    expect(pod.ready()).toBe(false);
  });
});

describe("an edit", () => {
  const running = () => {
    pod.record(OK);
    pod.readiness.record("other", OK, 1);
    expect(pod.ready()).toBe(true);
  };

  test("of its host starts it anew in a pod that has not been ready", () => {
    pod.record(OK);
    pod.readiness.apply(policy([needed("elsewhere"), other]));
    pod.record(REFUSED);
    pod.readiness.record("other", OK, 1);
    expect(pod.ready()).toBe(false);
  });

  test("of its Secret, to another target, starts it anew in such a pod too", () => {
    pod.record({ ...OK, target: "a" }, { ...REFUSED, target: "b" });
    pod.readiness.record("other", OK, 1);
    expect(pod.ready()).toBe(false);
  });

  test("of its host does not take out a pod that has been ready", () => {
    running();
    pod.readiness.apply(policy([needed("elsewhere"), other]));
    pod.record(REFUSED, REFUSED, REFUSED);
    expect(pod.ready()).toBe(true);
  });

  test("from Gate lets go of a pod that it holds", () => {
    pod.readiness.apply(policy([database(), other]));
    running();
    pod.record(REFUSED, REFUSED);
    expect(pod.ready()).toBe(false);
    pod.readiness.apply(policy([needed(), other]));
    expect(pod.ready()).toBe(true);
  });

  test("to Gate counts from its next success on", () => {
    running();
    pod.readiness.apply(policy([database(), other]));
    pod.record(REFUSED, REFUSED);
    expect(pod.ready()).toBe(true);
    pod.record(OK, REFUSED, REFUSED);
    expect(pod.ready()).toBe(false);
  });
});
