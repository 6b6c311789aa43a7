import { beforeEach, describe, expect, test } from "@jest/globals";
import type { DependencyConfig, FleetConfig } from "../../api/policy-file.ts";
import {
  cache,
  createTestPod,
  database,
  OK,
  policy,
  REFUSED,
  type TestPod,
} from "../testing/test-pod.ts";
import type { CheckResult } from "../verdict.ts";
import { policyOfThisPod } from "./policy-of-this-pod.ts";

const OWN = ["127.0.0.1", "10.0.0.1", "fd12::1"];
const fleet: FleetConfig = {
  maxUnready: { percent: 50 },
  pods: 3,
  peers: [{ ip: "10.0.0.2", port: 19_847 }],
};
const startup = (more: Partial<DependencyConfig> = {}) =>
  database("db", { name: "migrations", impact: "Startup", ...more });
const whole = policy([database(), cache, startup()], { fleet });

test("no list of addresses is left where this pod is in none of them", () => {
  const others = { circularPods: ["10.0.0.11"] };
  const dependencies = [database("db", others), { ...cache, circularPods: [] }, startup(others)];
  expect(policyOfThisPod({ ...whole, dependencies }, OWN)).toStrictEqual(whole);
});

test.each(["10.0.0.1", "fd12::1"])("one that has %s only reports what it is behind", (ip) => {
  const circularPods = ["10.0.0.11", ip];
  const dependencies = [
    database("db", { circularPods: ["10.0.0.11"] }),
    { ...cache, circularPods },
    startup({ circularPods }),
  ];
  expect(policyOfThisPod({ ...whole, dependencies }, OWN)).toStrictEqual({
    ...whole,
    dependencies: [database(), { ...cache, impact: "Observe" }, startup({ impact: "Observe" })],
    letGo: ["cache", "migrations"],
  });
});

test("a dependency is the same as one whose policy says Observe, to the letter", () => {
  const { dependencies } = policyOfThisPod(
    policy([database("db", { circularPods: ["10.0.0.1"] })]),
    OWN,
  );
  expect(JSON.stringify(dependencies)).toBe(
    JSON.stringify([database("db", { impact: "Observe" })]),
  );
});

describe("the pod's readiness", () => {
  let pod: TestPod;
  const apply = (circularPods: string[], ...others: DependencyConfig[]) =>
    pod.readiness.apply(
      policyOfThisPod(policy([database("db", { circularPods }), ...others]), OWN),
    );
  beforeEach(() => {
    pod = createTestPod();
  });

  test("it is let go while its dependency is down, also one that had been ready and after a restart", () => {
    apply([]);
    pod.record(OK, REFUSED, REFUSED, REFUSED);
    expect(pod.ready()).toBe(false);
    apply(["10.0.0.1"]);
    expect(pod.ready()).toBe(true);
    pod.record(REFUSED, REFUSED, REFUSED);
    pod.restart();
    apply(["10.0.0.1"]);
    expect(pod.ready()).toBe(true);
  });

  test("it is let go before it has been ready, and waits for no first result", () => {
    apply([]);
    expect(pod.ready()).toBe(false);
    apply(["10.0.0.1"]);
    expect(pod.readiness.awaitsResults()).toBe(false);
    expect(pod.ready()).toBe(true);
  });

  test("out of the list it gates as after an edit: from the first success on", () => {
    apply(["10.0.0.1"]);
    pod.record(OK, REFUSED, REFUSED, REFUSED);
    apply([]);
    expect(pod.ready()).toBe(true);
    pod.record(REFUSED, REFUSED, REFUSED);
    expect(pod.ready()).toBe(true);
    pod.record(OK);
    expect(pod.ready()).toBe(true);
    pod.record(REFUSED, REFUSED, REFUSED);
    expect(pod.ready()).toBe(false);
  });

  test("it goes on gating on what it is not behind, and keeps what it knows of that", () => {
    apply([], cache);
    const cacheSays = (...results: CheckResult[]) => {
      for (const result of results) pod.readiness.record("cache", result, 3);
    };
    pod.record(OK);
    cacheSays(OK);
    expect(pod.ready()).toBe(true);
    apply(["10.0.0.1"], cache);
    cacheSays(REFUSED, REFUSED, REFUSED);
    expect(pod.ready()).toBe(false);
    apply([], cache);
    expect(pod.readiness.view().verdict.gating).toStrictEqual(["cache"]);
  });

  test("other pods of the list are no news to it", () => {
    apply([]);
    pod.record(OK, REFUSED);
    const lines = pod.lines.length;
    apply(["10.0.0.11"]);
    expect(pod.lines).toHaveLength(lines);
    pod.record(REFUSED, REFUSED);
    expect(pod.ready()).toBe(false);
  });

  test("says in its log what it only reports, once", () => {
    apply(["10.0.0.1"]);
    apply(["10.0.0.1", "10.0.0.11"]);
    const said = pod.lines.filter(
      (line) => line === "dependency only reports db CircularDependency",
    );
    expect(said).toHaveLength(1);
  });
});
