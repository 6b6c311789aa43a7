import { beforeEach, describe, expect, test } from "@jest/globals";
import type { PolicyFile } from "../api/policy-file.ts";
import {
  cache,
  createTestPod,
  database,
  OK,
  policy,
  REFUSED,
  type TestPod,
  WRONG_PASSWORD,
} from "./testing/test-pod.ts";
import { DRY_RUN } from "./verdict.ts";

let pod: TestPod;

const dryRun = (dependencies = [database()]): PolicyFile =>
  policy(dependencies, { mode: "DryRun" });
const enforced = (dependencies = [database()]): PolicyFile => policy(dependencies);
/** Ready or not, and whether it would be. */
const both = () => {
  const ready = pod.ready();
  return { ready, wouldBe: pod.readiness.view().enforced?.ready };
};

beforeEach(() => {
  pod = createTestPod();
});

describe("a dry run", () => {
  test("leaves the pod ready and says what would not be", () => {
    pod.readiness.apply(dryRun());
    expect(both()).toStrictEqual({ ready: true, wouldBe: false });
    pod.record(OK);
    expect(both()).toStrictEqual({ ready: true, wouldBe: true });
    pod.record(REFUSED, REFUSED);
    expect(both()).toStrictEqual({ ready: true, wouldBe: false });
    const view = pod.readiness.view();
    expect(view.verdict).toBe(DRY_RUN);
    expect(view.enforced?.gating).toStrictEqual(["db"]);
    expect(view.dependencies[0]?.state.since).toBe(pod.clock - 1_000);
  });

  test("keeps no probe waiting for first results", () => {
    pod.readiness.apply(dryRun());
    expect(pod.readiness.awaitsResults()).toBe(false);
  });

  test("logs each transition once", () => {
    pod.readiness.apply(dryRun());
    pod.record(OK, OK, REFUSED, REFUSED, REFUSED, OK, OK);
    pod.readiness.refresh();
    expect(pod.lines.filter((line) => /pod/.test(line))).toStrictEqual([
      "pod ready DryRun",
      "dry run: pod would not be ready Starting",
      "dry run: pod would be ready",
      "dry run: pod would not be ready",
      "dry run: pod would be ready",
    ]);
  });

  test("counts from the past of an enforced policy: a wrong password holds a pod until it would first have been ready", () => {
    pod.readiness.apply(dryRun());
    pod.record(WRONG_PASSWORD, WRONG_PASSWORD);
    expect(both()).toStrictEqual({ ready: true, wouldBe: false });
    pod.record(OK, WRONG_PASSWORD, WRONG_PASSWORD);
    expect(both()).toStrictEqual({ ready: true, wouldBe: true });
  });

  test("and so does an added dependency, and one that is needed at the start, after a restart of the sidecar too", () => {
    const startup = [database("db", { impact: "Startup" })];
    pod.readiness.apply(dryRun(startup));
    pod.record(REFUSED);
    expect(both().wouldBe).toBe(false);
    pod.record(OK);
    pod.restart();
    pod.readiness.apply(dryRun([...startup, cache]));
    pod.record(REFUSED, REFUSED);
    pod.readiness.record("cache", REFUSED, 1);
    expect(both()).toStrictEqual({ ready: true, wouldBe: true });
  });

  test("begun by an edit, lets go of a pod that the policy holds", () => {
    pod.readiness.apply(enforced());
    pod.record(OK, REFUSED, REFUSED);
    expect(both()).toStrictEqual({ ready: false, wouldBe: undefined });
    pod.readiness.apply(dryRun());
    expect(both()).toStrictEqual({ ready: true, wouldBe: false });
  });

  test("goes on from what the pod was before it", () => {
    pod.readiness.apply(enforced());
    pod.record(OK);
    pod.readiness.apply(dryRun());
    pod.record(WRONG_PASSWORD, WRONG_PASSWORD);
    expect(both()).toStrictEqual({ ready: true, wouldBe: true });
  });

  test("ends with the policy", () => {
    pod.readiness.apply(dryRun());
    pod.readiness.apply(undefined);
    expect(pod.reason()).toBe("NoPolicy");
    expect(both()).toStrictEqual({ ready: true, wouldBe: undefined });
  });
});

describe("the edit from DryRun to Enforce", () => {
  beforeEach(() => {
    pod.readiness.apply(dryRun());
  });

  test("takes a pod out for the next fault of a dependency that is up", () => {
    pod.record(OK);
    pod.readiness.apply(enforced());
    expect(both()).toStrictEqual({ ready: true, wouldBe: undefined });
    pod.record(REFUSED);
    expect(pod.ready()).toBe(true);
    pod.record(REFUSED);
    expect(pod.ready()).toBe(false);
  });

  test("does not take it out for one that is down, until that has been up again", () => {
    pod.record(OK, REFUSED, REFUSED);
    pod.readiness.apply(enforced());
    pod.record(REFUSED, REFUSED);
    expect(pod.ready()).toBe(true);
    pod.record(OK, REFUSED, REFUSED);
    expect(pod.ready()).toBe(false);
  });

  test("nor for one that has never been up", () => {
    pod.record(REFUSED, REFUSED);
    pod.readiness.apply(enforced());
    pod.record(REFUSED);
    expect(pod.ready()).toBe(true);
  });

  test("nor for a password that is wrong while another dependency has never been up", () => {
    pod.readiness.apply(dryRun([database(), cache]));
    pod.record(OK, WRONG_PASSWORD, WRONG_PASSWORD);
    pod.readiness.apply(enforced([database(), cache]));
    expect(pod.ready()).toBe(true);
  });

  test("nor when it came while no sidecar ran: nothing is known to be up then", () => {
    pod.record(OK);
    expect(pod.marks.settled).toHaveProperty("db");
    pod.restart();
    pod.readiness.apply(enforced());
    pod.record(REFUSED, REFUSED);
    expect(pod.ready()).toBe(true);
    pod.record(OK, REFUSED, REFUSED);
    expect(pod.ready()).toBe(false);
  });

  test("leaves a restarted sidecar what it had, once the policy is enforced", () => {
    pod.record(OK);
    pod.readiness.apply(enforced());
    pod.restart();
    pod.readiness.apply(enforced());
    pod.record(REFUSED, REFUSED);
    expect(pod.ready()).toBe(false);
  });

  test("counts a dependency that is needed at the start as passed", () => {
    const startup = [database("db", { impact: "Startup" })];
    pod.readiness.apply(dryRun(startup));
    pod.record(REFUSED);
    pod.readiness.apply(enforced(startup));
    expect(pod.ready()).toBe(true);
  });
});
