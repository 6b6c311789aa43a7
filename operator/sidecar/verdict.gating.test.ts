/** Which failures keep a pod unready: by reason and impact, after live edits, and in a dry run. */
import { describe, expect, test } from "@jest/globals";
import { REASONS, type Reason, reasonGates } from "../api/reasons.ts";
import { TIMING } from "../api/testing/timing.ts";
import { isReady, judged, type Step, stateAfter } from "./testing/dependency-states.ts";
import {
  agedOut,
  awaited,
  type DependencyState,
  DRY_RUN,
  decide,
  isUpToPeers,
  type Judged,
  mayWait,
  staysSettled,
  staysSettledWhenEnforced,
  UNHEARD,
} from "./verdict.ts";

const LONG_AFTER = { monotonic: 60_000, wall: 1_060_000 };

describe("each reason", () => {
  test.each(REASONS)("%s", (reason) => {
    const always = reasonGates(reason, true);
    const atFirst = reasonGates(reason, false);
    const running = stateAfter(["ok", reason, reason, reason], { firstReady: true });
    const starting = stateAfter([reason, reason]);

    expect(isReady(judged(running), true)).toBe(!always);
    expect(isReady(judged(starting), false)).toBe(!atFirst);
    expect(isReady(judged(running, "Observe"), true)).toBe(true);
    expect(isReady(judged(starting, "Observe"), false)).toBe(true);
    expect(running.up.high).toBe(false);
    expect(running.reason).toBe(reason);
  });

  test("what cannot be reached gates always, a wrong password until first ready, a newer type never", () => {
    const gating = (reason: Reason) => [reasonGates(reason, false), reasonGates(reason, true)];
    expect(gating("ConnectionRefused")).toStrictEqual([true, true]);
    expect(gating("AuthenticationFailed")).toStrictEqual([true, false]);
    expect(gating("NeedsRestart")).toStrictEqual([false, false]);
    expect(gating("Unsupported")).toStrictEqual([false, false]);
  });

  test("a restarted sidecar does not empty a Service over a password that was rotated meanwhile", () => {
    const state = stateAfter(["AuthenticationFailed"], { firstReady: true });
    expect(isReady(judged(state), true)).toBe(true);
    expect(state.up.high).toBe(false);
  });

  test("a database that goes away after its password was rotated gates", () => {
    const rotated = stateAfter(["ok", "AuthenticationFailed", "AuthenticationFailed"], {
      firstReady: true,
    });
    const gone = stateAfter(["ConnectionRefused"], { firstReady: true, from: rotated });
    expect(isReady(judged(gone), true)).toBe(true);
    expect(
      isReady(judged(stateAfter(["ConnectionRefused"], { firstReady: true, from: gone })), true),
    ).toBe(false);
  });

  test("and lets go when all that is wrong is the password again", () => {
    const gone = stateAfter(["ok", "CheckTimeout", "CheckTimeout"], { firstReady: true });
    const back = stateAfter(["AuthenticationFailed"], { firstReady: true, from: gone });
    expect(isReady(judged(back), true)).toBe(true);
  });
});

describe("a sidecar that was started again in a settled pod that has been ready", () => {
  const timing = { ...TIMING, failureThreshold: 5, successThreshold: 3 };
  const started = (...steps: Step[]) => judged(stateAfter(steps, { timing, firstReady: true }));

  test("holds the pod from its first failure on, whatever the threshold, until there are enough successes", () => {
    const first = started("ConnectionRefused");
    expect(decide({ presence: "Present", firstReady: true, dependencies: [first] })).toStrictEqual({
      ready: false,
      reason: undefined,
      gating: ["db"],
    });
    expect(isReady(started("ConnectionRefused", "ok", "ok"), true)).toBe(false);
    expect(isReady(started("ConnectionRefused", "ok", "ok", "ok"), true)).toBe(true);
  });

  test("lets it go at the first success, and counts failures from then on", () => {
    const failures = Array<Step>(4).fill("ConnectionRefused");
    expect(isReady(started("ok", ...failures), true)).toBe(true);
    expect(isReady(started("ok", ...failures, "ConnectionRefused"), true)).toBe(false);
  });
});

test.each<[string, DependencyState, boolean]>([
  ["is down", stateAfter(["ConnectionRefused"]), true],
  ["had its last result too long ago", agedOut(stateAfter(["ok"]), TIMING, LONG_AFTER), true],
  ["is up", stateAfter(["ok"]), false],
  ["has had no result", UNHEARD, false],
])("other pods decide on a dependency that %s: %j", (_, state, areAsked) => {
  expect(isUpToPeers(judged(state), true)).toBe(areAsked);
  expect(isUpToPeers(judged(state), false)).toBe(false);
});

describe("the next check may come later where the pod does not stay in its Services by it:", () => {
  const failed = stateAfter(["ok", "ConnectionRefused"], { firstReady: true });
  const down = stateAfter(["ok", "ConnectionRefused", "ConnectionRefused"], { firstReady: true });
  const full = stateAfter(["ok", "TooManyConnections", "TooManyConnections"], { firstReady: true });

  test.each<[string, Judged, boolean]>([
    ["one that is up", judged(stateAfter(["ok"])), false],
    ["one that has had no result", judged(UNHEARD), false],
    ["one that comes back", judged(stateAfter(["ok"], { from: down })), false],
    ["one that is only reported, and up", judged(stateAfter(["ok"]), "Observe"), true],
    ["one that is down", judged(down), true],
    ["one that has failed once", judged(failed), false],
    ["one that is down for a reason that holds nobody", judged(full), false],
    ["one that is only reported, and has failed once", judged(failed, "Observe"), true],
    ["one that is only reported, whatever the reason", judged(full, "Observe"), true],
    ["one that was edited, until it has been up", judged(full, "Gate", false), true],
  ])("%s", (_, dependency, want) => {
    expect(mayWait(dependency, true)).toBe(want);
  });
});

describe("live edits", () => {
  const down = stateAfter(["ConnectionRefused", "ConnectionRefused"], { firstReady: true });

  test("a dependency that has not been up with this content is only reported in a running pod", () => {
    expect(isReady(judged(down, "Gate", false), true)).toBe(true);
    expect(isReady(judged(UNHEARD, "Gate", false), true)).toBe(true);
  });

  test("once it has been up it gates", () => {
    expect(isReady(judged(down, "Gate", true), true)).toBe(false);
  });

  test("in a pod that has never been ready it gates from the start", () => {
    expect(isReady(judged(UNHEARD, "Gate", false), false)).toBe(false);
    expect(isReady(judged(stateAfter(["HostNotFound"]), "Gate", false), false)).toBe(false);
  });
});

test.each([
  ["not checked yet", UNHEARD, false],
  ["up", stateAfter(["ok"]), false],
  ["down", stateAfter(["ConnectionRefused"]), true],
  [
    "up, for all that is known: its result is too old",
    agedOut(stateAfter(["ok"]), TIMING, LONG_AFTER),
    false,
  ],
  [
    "down, with a result that is too old",
    agedOut(stateAfter(["ConnectionRefused"]), TIMING, LONG_AFTER),
    true,
  ],
])(
  "a settled dependency that is %s, when it gets less time, stays settled: %j",
  (_, state, stays) => {
    expect(staysSettled(state)).toBe(stays);
  },
);

describe("a dependency that is needed at the start only", () => {
  const down = stateAfter(["ConnectionRefused"]);
  const startup = (settled: boolean, state = down) => judged(state, "Startup", settled);

  test("holds a pod back until it has been up once", () => {
    expect(isReady(startup(false), false)).toBe(false);
    expect(isReady(startup(false, UNHEARD), false)).toBe(false);
    expect(isReady(startup(true), false)).toBe(true);
    expect(isReady(startup(true, UNHEARD), false)).toBe(true);
  });

  test("never takes a pod out that has been ready, settled or not", () => {
    expect(isReady(startup(false), true)).toBe(true);
    expect(isReady(startup(true), true)).toBe(true);
  });

  test("does not hold a pod back for what only a new pod or a newer sidecar can mend", () => {
    expect(isReady(startup(false, stateAfter(["NeedsRestart"])), false)).toBe(true);
    expect(isReady(startup(false, stateAfter(["AuthenticationFailed"])), false)).toBe(false);
  });

  test("is waited for by the first probe, until it has been up", () => {
    expect(awaited(startup(false, UNHEARD), false)).toBe(true);
    expect(awaited(startup(true, UNHEARD), false)).toBe(false);
    expect(awaited(startup(false, UNHEARD), true)).toBe(false);
  });
});

describe("a dry run", () => {
  test("keeps the pod ready, and nothing gates", () => {
    expect(DRY_RUN).toStrictEqual({ ready: true, reason: "DryRun", gating: [] });
  });

  test.each([
    ["not checked yet", UNHEARD, false],
    ["up", stateAfter(["ok"]), true],
    ["failing, and not yet down", stateAfter(["ok", "ConnectionRefused"]), true],
    ["down", stateAfter(["ok", "ConnectionRefused", "ConnectionRefused"]), false],
  ])("that ends: a settled dependency that is %s stays settled: %j", (_, state, stays) => {
    expect(staysSettledWhenEnforced(state)).toBe(stays);
  });
});
