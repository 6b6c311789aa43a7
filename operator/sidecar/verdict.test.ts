import { describe, expect, test } from "@jest/globals";
import { TIMING } from "../api/testing/timing.ts";
import type { Timing } from "../api/timing.ts";
import { isReady, judged, type Step, stateAfter } from "./testing/dependency-states.ts";
import {
  afterResult,
  agedOut,
  awaited,
  type DependencyState,
  decide,
  type Judged,
  retimed,
  UNHEARD,
} from "./verdict.ts";

describe("hysteresis", () => {
  const both = (up: boolean, passing: boolean) => ({ up, passing });
  test.each<[string, Step[], Partial<Timing>, { up: boolean; passing: boolean }]>([
    ["nothing known is not up", [], {}, both(false, false)],
    ["the first success is enough", ["ok"], {}, both(true, true)],
    ["the first failure decides at once", ["ConnectionRefused"], {}, both(false, false)],
    ["one failure is not yet down", ["ok", "ConnectTimeout"], {}, both(true, true)],
    [
      "two failures in a row are down",
      ["ok", "ConnectTimeout", "CheckTimeout"],
      {},
      both(false, false),
    ],
    [
      "failures that are not in a row do not count together",
      ["ok", "CheckTimeout", "ok", "CheckTimeout", "ok", "CheckTimeout"],
      {},
      both(true, true),
    ],
    ["one success is up again", ["ok", "CheckTimeout", "CheckTimeout", "ok"], {}, both(true, true)],
    [
      "nor does the first success wait for others",
      ["ok"],
      { successThreshold: 3 },
      both(true, true),
    ],
    [
      "after a failure it does",
      ["HostNotFound", "ok", "ok"],
      { successThreshold: 3 },
      both(false, false),
    ],
    [
      "until there are enough",
      ["HostNotFound", "ok", "ok", "ok"],
      { successThreshold: 3 },
      both(true, true),
    ],
    [
      "a failure starts the successes anew",
      ["HostNotFound", "ok", "ok", "HostNotFound", "ok", "ok"],
      { successThreshold: 3 },
      both(false, false),
    ],
    [
      "successes of a dependency that is up count for nothing against its next failure",
      ["ok", "ok", "ok", "ok", "ok", "CheckTimeout"],
      { successThreshold: 3, failureThreshold: 2 },
      both(true, true),
    ],
    [
      "one failure with threshold 1 is down",
      ["ok", "CheckTimeout"],
      { failureThreshold: 1 },
      both(false, false),
    ],
  ])("%s", (_, steps, timing, want) => {
    const state = stateAfter(steps, { timing: { ...TIMING, ...timing } });
    expect(both(state.up.high, state.passing.high)).toStrictEqual(want);
  });
});

describe("what is reported", () => {
  test("reason while down, none while up; since the last change", () => {
    const down = stateAfter(["ok", "ConnectionRefused", "HostNotFound"]);
    expect(down.reason).toBe("HostNotFound");
    expect(down.since).toBe(1_010_000);
    expect(stateAfter(["ok", "ConnectionRefused"]).reason).toBeUndefined();
    expect(stateAfter(["ok", "ok", "ok"]).since).toBe(1_000_000);
    expect(stateAfter(["ConnectionRefused", "ConnectionRefused"]).since).toBe(1_000_000);
    expect(stateAfter(["ConnectionRefused", "ok"])).toMatchObject({
      reason: undefined,
      since: 1_005_000,
    });
  });

  test("since it was lost, where another reason that holds nobody came before", () => {
    const steps: Step[] = ["ok", "AuthenticationFailed", "AuthenticationFailed"];
    const rotated = stateAfter(steps, { firstReady: true });
    expect(rotated.since).toBe(1_010_000);
    const lost: Step[] = ["AuthenticationFailed", "ConnectionRefused", "ConnectionRefused"];
    const gone = stateAfter(lost, { firstReady: true, from: rotated });
    expect(gone).toMatchObject({ passing: { high: false }, since: 1_010_000 });
  });

  test("since it went down, where it keeps nobody unready, whatever the reasons since", () => {
    const steps: Step[] = ["AuthenticationFailed", "ConnectionRefused", "ConnectionRefused"];
    const observed = { firstReady: true, mayGate: false };
    expect(stateAfter(steps, observed).since).toBe(1_000_000);
    expect(stateAfter([...steps, "AuthenticationFailed"], observed).since).toBe(1_000_000);
  });

  test("since the reason changed, and not since the first good check after it", () => {
    const timing = { ...TIMING, failureThreshold: 2, successThreshold: 2 };
    const down: Step[] = ["ok", "ConnectionRefused", "ConnectionRefused", "AuthenticationFailed"];
    const context = { timing, firstReady: true };
    expect(stateAfter([...down, "ok"], context).since).toBe(stateAfter(down, context).since);
  });

  test("tls of the latest success, detail of the latest check", () => {
    const at = { monotonic: 0, wall: 0 };
    const context = { at, timing: TIMING, firstReady: false, mayGate: true };
    const up = afterResult(
      UNHEARD,
      { ok: true, tls: true, detail: "servers[1]=HostNotFound" },
      context,
    );
    expect(up).toMatchObject({ tls: true, detail: "servers[1]=HostNotFound" });
    const failed = afterResult(up, { ok: false, reason: "CheckTimeout" }, context);
    expect(failed).toMatchObject({ tls: true, detail: undefined });
  });
});

describe("staleness", () => {
  const up = stateAfter(["ok"]);
  const LIMIT = 5_000 + 4_000 + 1_000;
  const at = (monotonic: number) => ({ monotonic, wall: 7 });

  test("a result counts up to interval + checkTimeout + 1 s and not beyond", () => {
    expect(agedOut(up, TIMING, at(LIMIT))).toBe(up);
    expect(agedOut(up, TIMING, at(LIMIT + 1))).toMatchObject({
      up: { high: false },
      passing: { high: false },
      reason: "CheckTimeout",
    });
  });

  test("it is down since the moment at which its result became too old", () => {
    const noticedLate = agedOut(up, TIMING, { monotonic: LIMIT + 300, wall: 5_300 });
    expect(noticedLate.since).toBe(5_000);
  });

  test("a stale dependency that gates makes the pod unready, one that is observed does not", () => {
    const stale = agedOut(up, TIMING, at(LIMIT + 1));
    expect(isReady(judged(stale), true)).toBe(false);
    expect(isReady(judged(stale, "Observe"), true)).toBe(true);
  });

  test("the first result after it decides, whatever the thresholds", () => {
    const stale = agedOut(up, TIMING, at(LIMIT + 1));
    const timing = { ...TIMING, failureThreshold: 3, successThreshold: 3 };
    expect(stateAfter(["ConnectionRefused"], { timing, from: stale }).passing.high).toBe(false);
    expect(stateAfter(["ok"], { timing, from: stale }).passing.high).toBe(true);
  });

  test("one that had failed before needs its successes still", () => {
    const timing = { ...TIMING, successThreshold: 2 };
    const down = stateAfter(["ConnectionRefused", "ok"], { timing });
    const stale = agedOut(down, TIMING, at(2 * LIMIT));
    expect(stale.reason).toBe("CheckTimeout");
    const once = stateAfter(["ok"], { timing, from: stale });
    expect([once.up.high, once.passing.high]).toStrictEqual([false, false]);
    const twice = stateAfter(["ok", "ok"], { timing, from: stale });
    expect([twice.up.high, twice.passing.high]).toStrictEqual([true, true]);
  });

  test("one that was down for a reason that holds nobody holds since its result became too old", () => {
    const rotated = stateAfter(["AuthenticationFailed"], { firstReady: true });
    expect(agedOut(rotated, TIMING, { monotonic: LIMIT + 300, wall: 5_300 }).since).toBe(5_000);
  });

  test("it is noted once", () => {
    const stale = agedOut(up, TIMING, at(LIMIT + 1));
    expect(agedOut(stale, TIMING, { monotonic: LIMIT + 2, wall: 99 }).since).toBe(stale.since);
  });

  test("before the first result there is nothing to age", () => {
    expect(agedOut(UNHEARD, TIMING, at(1_000_000))).toBe(UNHEARD);
  });

  test("other times make no result where there was none", () => {
    expect(retimed(UNHEARD, { monotonic: 5_000, wall: 5_000 })).toStrictEqual(UNHEARD);
  });

  test("a shorter interval does not make an earlier result stale at once", () => {
    const short = { ...TIMING, intervalMilliseconds: 1_000, checkTimeoutMilliseconds: 1_000 };
    expect(agedOut(up, short, at(9_000)).up.high).toBe(false);
    expect(agedOut(retimed(up, at(9_000)), short, at(9_000)).up.high).toBe(true);
  });
});

describe("the pod", () => {
  const none = { firstReady: false, dependencies: [] };

  test.each([
    ["Awaited", false, "Starting"],
    ["Missing", true, "NoPolicy"],
    ["Removed", true, "NoPolicy"],
    ["Unsupported", true, "Unsupported"],
  ] as const)("policy %s", (presence, ready, reason) => {
    expect(decide({ ...none, presence })).toStrictEqual({ ready, reason, gating: [] });
  });

  test("every gating dependency is named, in order, and one is enough", () => {
    const named = (name: string, state: DependencyState): Judged => ({ ...judged(state), name });
    const down = stateAfter(["ConnectionRefused"]);
    const dependencies = [named("a", down), named("b", stateAfter(["ok"])), named("c", down)];
    expect(decide({ presence: "Present", firstReady: false, dependencies })).toStrictEqual({
      ready: false,
      reason: undefined,
      gating: ["a", "c"],
    });
  });

  test.each([
    ["up", [judged(stateAfter(["ok"]))]],
    ["none", []],
  ])("with dependencies that are %s it is ready for no special reason", (_, dependencies) => {
    expect(decide({ presence: "Present", firstReady: false, dependencies })).toStrictEqual({
      ready: true,
      reason: undefined,
      gating: [],
    });
  });

  test("while nothing is known it is starting", () => {
    const dependencies = [judged(UNHEARD)];
    expect(decide({ presence: "Present", firstReady: false, dependencies }).reason).toBe(
      "Starting",
    );
  });

  test("one dependency that is known to be down says more than that another is not known yet", () => {
    const down = { ...judged(stateAfter(["ConnectionRefused"])), name: "down" };
    const verdict = decide({
      presence: "Present",
      firstReady: false,
      dependencies: [judged(UNHEARD), down],
    });
    expect(verdict).toStrictEqual({ ready: false, reason: undefined, gating: ["db", "down"] });
  });

  test("a probe waits only for what could gate and has had no result", () => {
    expect(awaited(judged(UNHEARD), false)).toBe(true);
    expect(awaited(judged(UNHEARD, "Gate", false), true)).toBe(false);
    expect(awaited(judged(UNHEARD, "Observe"), false)).toBe(false);
    expect(awaited(judged(stateAfter(["HostNotFound"])), false)).toBe(false);
    expect(awaited(judged(stateAfter(["ok"])), true)).toBe(false);
  });

  test("a probe waits as well where the last result was good and is too old, and not where it was bad", () => {
    const later = { monotonic: 3_600_000, wall: 7 };
    const aged = (...results: Parameters<typeof stateAfter>[0]) =>
      agedOut(stateAfter(results), TIMING, later);
    expect(awaited(judged(aged("ok")), true)).toBe(true);
    expect(awaited(judged(agedOut(aged("ok"), TIMING, later)), true)).toBe(true);
    expect(awaited(judged(aged("ok"), "Observe"), true)).toBe(false);
    expect(awaited(judged(aged("ok", "HostNotFound", "HostNotFound")), true)).toBe(false);
  });
});
