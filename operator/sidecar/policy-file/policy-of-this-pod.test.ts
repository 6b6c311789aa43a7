import { beforeEach, describe, expect, test } from "@jest/globals";
import type { FleetConfig, PolicyFile } from "../../api/policy-file.ts";
import {
  cache,
  createTestPod,
  database,
  OK,
  policy,
  REFUSED,
  type TestPod,
} from "../testing/test-pod.ts";
import { policyOfThisPod } from "./policy-of-this-pod.ts";

const OWN = ["127.0.0.1", "10.0.0.1", "fd12::1"];
const fleet: FleetConfig = {
  maxUnready: { percent: 50 },
  pods: 3,
  peers: [{ ip: "10.0.0.2", port: 19_847 }],
};
const startup = database("db", { name: "migrations", impact: "Startup" });
const every = (more: Partial<PolicyFile>) =>
  policy([database(), cache, startup], { fleet, ...more });

test.each([[undefined], [[]], [["10.0.0.11"]]])(
  "a pod that is none of %j follows the policy as it is",
  (circularPods) => {
    const config = every({ ...(circularPods && { circularPods }) });
    expect(policyOfThisPod(config, OWN)).toStrictEqual(every({}));
  },
);

test.each(["10.0.0.1", "fd12::1"])("one that has %s reports, and asks nobody", (ip) => {
  const { fleet: _, ...alone } = every({ circularPods: [ip] });
  const dependencies = alone.dependencies.map((one) => ({ ...one, impact: "Observe" }));
  expect(policyOfThisPod(every({ circularPods: ["10.0.0.11", ip] }), OWN)).toStrictEqual({
    ...alone,
    dependencies,
  });
});

describe("the pod's readiness", () => {
  let pod: TestPod;
  const apply = (circularPods: string[], more: Partial<PolicyFile> = {}) =>
    pod.readiness.apply(policyOfThisPod(policy([database()], { ...more, circularPods }), OWN));
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

  test("other pods of the list are no news to it", () => {
    apply([]);
    pod.record(OK, REFUSED);
    const lines = pod.lines.length;
    apply(["10.0.0.11"]);
    expect(pod.lines).toHaveLength(lines);
    pod.record(REFUSED, REFUSED);
    expect(pod.ready()).toBe(false);
  });

  test("says in its log that it only reports, once", () => {
    apply(["10.0.0.1"]);
    apply(["10.0.0.1", "10.0.0.11"]);
    const said = pod.lines.filter((line) => line === "policy only reports CircularDependency");
    expect(said).toHaveLength(1);
  });
});
