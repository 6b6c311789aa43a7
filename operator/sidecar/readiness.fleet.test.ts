import { beforeEach, describe, expect, test } from "@jest/globals";
import type { FleetConfig, PolicyFile } from "../api/policy-file.ts";
import { heldBackMilliseconds, knownToAllMilliseconds } from "../api/timing.ts";
import type { PeerCount } from "./fleet/fleet-share.ts";
import {
  cache,
  createTestPod,
  database,
  OK,
  policy,
  REFUSED,
  type TestPod,
  TIMING,
  WRONG_PASSWORD,
} from "./testing/test-pod.ts";
import type { CheckResult } from "./verdict.ts";

const FLEET: FleetConfig = {
  maxUnready: { percent: 50 },
  pods: 3,
  peers: [{ ip: "10.0.0.2", port: 19_847 }],
};
const fleet = (more: Partial<PolicyFile> = {}, dependencies = [database()]) =>
  policy(dependencies, { fleet: FLEET, ...more });

const ALL_DOWN: PeerCount = { answered: 2, down: 2, silent: 0 };
const ALL_UP: PeerCount = { answered: 2, down: 0, silent: 0 };
const SILENCE: PeerCount = { answered: 0, down: 0, silent: 2 };

let pod: TestPod;
const answer = (count: PeerCount, name = "db") =>
  pod.readiness.recordPeers(new Map([[name, count]]), pod.clock);
const verdict = () => pod.readiness.view().verdict;
const later = (milliseconds: number) => {
  pod.clock += milliseconds;
};
const allKnow = () => later(knownToAllMilliseconds(TIMING));
/** Results without time that passes. */
const now = (...results: CheckResult[]) => {
  for (const result of results) pod.readiness.record("db", result, 3);
};

beforeEach(() => {
  pod = createTestPod();
  pod.readiness.apply(fleet());
  now(OK);
});

describe("a pod that has been ready", () => {
  test("stays ready while nobody knows, and in a fault that most share", () => {
    now(REFUSED);
    expect(pod.readiness.down()).toStrictEqual([]);
    now(REFUSED);
    expect(pod.readiness.down()).toStrictEqual(["db"]);
    expect(verdict()).toStrictEqual({ ready: true, reason: undefined, gating: [] });
    answer(ALL_DOWN);
    const want = { ready: true, reason: "SharedFault", gating: [], shared: ["db"] };
    expect(verdict()).toStrictEqual(want);
    later(1e6);
    now(REFUSED);
    expect(verdict()).toStrictEqual(want);
  });

  test.each([
    ["alone", ALL_UP],
    ["and nobody answers", SILENCE],
  ])("leaves when the dependency is down here %s", (_name, count) => {
    now(REFUSED, REFUSED);
    answer(count);
    expect(pod.ready()).toBe(true);
    allKnow();
    answer(count);
    expect(verdict()).toStrictEqual({ ready: false, reason: undefined, gating: ["db"] });
  });

  test("leaves within a bound, though no question ever ends", () => {
    now(REFUSED, REFUSED);
    later(heldBackMilliseconds(TIMING));
    expect(pod.ready()).toBe(true);
    later(1);
    expect(pod.ready()).toBe(false);
  });

  test("leaves at once where there is nobody to ask", () => {
    pod.readiness.apply(fleet({ fleet: { ...FLEET, peers: [] } }));
    now(REFUSED, REFUSED);
    expect(pod.ready()).toBe(false);
    expect(pod.readiness.view().asksPeers).toBe(false);
  });

  test("comes back when others have it down too, and when it is up again", () => {
    now(REFUSED, REFUSED);
    allKnow();
    answer(ALL_UP);
    for (let index = 0; index < 3; index += 1) {
      expect(pod.ready()).toBe(false);
      now(REFUSED);
      answer(ALL_DOWN);
    }
    expect(pod.ready()).toBe(true);
    now(OK);
    expect(verdict()).toStrictEqual({ ready: true, reason: undefined, gating: [] });
    expect(pod.readiness.down()).toStrictEqual([]);
  });

  test("stays ready where others are up again first, until its own checks have failed since", () => {
    now(REFUSED, REFUSED);
    answer(ALL_DOWN);
    for (let index = 0; index < 9; index += 1) answer(ALL_UP);
    expect(pod.ready()).toBe(true);
    for (let index = 0; index < 3; index += 1) {
      expect(pod.ready()).toBe(true);
      now(REFUSED);
      answer(ALL_UP);
    }
    expect(pod.ready()).toBe(false);
  });

  test("asks anew when it is down another time", () => {
    now(REFUSED, REFUSED);
    answer(ALL_DOWN);
    now(OK, REFUSED, REFUSED);
    expect(verdict().reason).toBe(undefined);
    later(heldBackMilliseconds(TIMING) + 1);
    expect(pod.ready()).toBe(false);
  });

  test("leaves for a second dependency that is down here alone", () => {
    pod.readiness.apply(fleet({}, [database(), cache]));
    pod.readiness.record("cache", OK, 1);
    for (const name of ["db", "cache"]) {
      pod.readiness.record(name, REFUSED, 1);
      pod.readiness.record(name, REFUSED, 1);
    }
    const both = (count: PeerCount) =>
      pod.readiness.recordPeers(
        new Map([
          ["db", ALL_DOWN],
          ["cache", count],
        ]),
        pod.clock,
      );
    both(ALL_UP);
    allKnow();
    both(ALL_UP);
    expect(verdict()).toStrictEqual({
      ready: false,
      reason: undefined,
      gating: ["cache"],
      shared: ["db"],
    });
    for (let index = 0; index < 3; index += 1) {
      pod.readiness.record("cache", REFUSED, 1);
      both({ answered: 2, down: 1, silent: 0 });
    }
    expect(verdict()).toMatchObject({ ready: true, shared: ["db", "cache"] });
  });

  test("of a ring, in which too few servers answer", () => {
    pod.readiness.apply(fleet({}, [cache]));
    pod.readiness.record("cache", OK, 1);
    const tooFew: CheckResult = { ok: false, reason: "TooFewServers", detail: "servers[0]=x" };
    pod.readiness.record("cache", tooFew, 1);
    pod.readiness.record("cache", tooFew, 1);
    answer(ALL_DOWN, "cache");
    expect(verdict()).toMatchObject({ ready: true, shared: ["cache"] });
  });

  test("asks nobody about what does not gate", () => {
    now(WRONG_PASSWORD, WRONG_PASSWORD);
    expect(pod.readiness.down()).toStrictEqual([]);
    pod.readiness.apply(fleet({}, [database("db", { impact: "Observe" })]));
    now(OK, REFUSED, REFUSED);
    expect(pod.readiness.down()).toStrictEqual([]);
  });

  test("stays ready when its sidecar is started anew in a shared fault", () => {
    pod.restart();
    pod.readiness.apply(fleet());
    expect(pod.readiness.awaitsResults()).toBe(true);
    now(REFUSED);
    expect(pod.ready()).toBe(true);
    answer(ALL_DOWN);
    expect(pod.reason()).toBe("SharedFault");
  });

  test("decides by itself once an edit takes the limit away", () => {
    now(REFUSED, REFUSED);
    answer(ALL_DOWN);
    pod.readiness.apply(policy([database()]));
    expect(pod.ready()).toBe(false);
  });

  test("keeps what is known when the peers are others, without a word in the log", () => {
    now(REFUSED, REFUSED);
    answer(ALL_DOWN);
    const lines = pod.lines.length;
    pod.readiness.apply(
      fleet({ fleet: { ...FLEET, pods: 9, peers: [{ ip: "10.0.0.9", port: 19_847 }] } }),
    );
    expect(pod.reason()).toBe("SharedFault");
    expect(pod.lines).toHaveLength(lines);
  });
});

test.each<[string, Partial<PolicyFile>]>([
  ["Gate", {}],
  ["Startup", { dependencies: [database("db", { impact: "Startup" })] }],
])("a pod that begins in a shared fault is not ready: impact %s", (_impact, more) => {
  pod = createTestPod();
  pod.readiness.apply(fleet(more));
  now(REFUSED, REFUSED);
  expect(pod.readiness.down()).toStrictEqual([]);
  answer(ALL_DOWN);
  expect(verdict()).toStrictEqual({ ready: false, reason: undefined, gating: ["db"] });
});

test("a dry run stays ready, and says what an enforced policy would have done", () => {
  pod = createTestPod();
  pod.readiness.apply(fleet({ mode: "DryRun" }));
  now(OK, REFUSED, REFUSED);
  answer(ALL_DOWN);
  expect(verdict()).toStrictEqual({ ready: true, reason: "DryRun", gating: [] });
  const { enforced } = pod.readiness.view();
  expect(enforced).toMatchObject({ ready: true, reason: "SharedFault", shared: ["db"] });
  for (let index = 0; index < 3; index += 1) {
    now(REFUSED);
    answer(ALL_UP);
  }
  expect(pod.readiness.view().enforced).toMatchObject({ ready: false, gating: ["db"] });
  expect(pod.ready()).toBe(true);
});

test("logs when it begins and when it is over", () => {
  now(REFUSED, REFUSED);
  answer(ALL_DOWN);
  answer(ALL_DOWN);
  now(OK);
  expect(pod.lines.filter((line) => /shared|pod/.test(line))).toStrictEqual([
    "pod not ready Starting",
    "pod ready",
    "shared fault SharedFault",
    "shared fault over",
  ]);
});
