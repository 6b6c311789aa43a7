import { describe, expect, test } from "@jest/globals";
import { MAX_STATUS_BYTES } from "../../api/limits.ts";
import { REASONS, type Reason } from "../../api/reasons.ts";
import { NO_CHECKS } from "../check-counts.ts";
import type { DependencyView, PodView } from "../pod-view.ts";
import { DRY_RUN, UNHEARD } from "../verdict.ts";
import { MAX_READY_BYTES, readyAnswer, statusAnswer } from "./answers.ts";

const SINCE = Date.UTC(2026, 0, 2, 3, 4, 5);

function view(name: string, reason?: Reason, detail?: string): DependencyView {
  const up = { high: reason === undefined, against: 0 };
  return {
    name,
    type: "memcached",
    impact: "Gate",
    settled: true,
    counts: NO_CHECKS,
    state: { ...UNHEARD, up, passing: up, heardAt: 1, since: SINCE, reason, detail },
  };
}

function podOf(dependencies: DependencyView[]): PodView {
  const gating = dependencies.filter(({ state }) => !state.passing.high).map(({ name }) => name);
  return {
    policy: "web",
    generation: 3,
    verdict: { ready: gating.length === 0, reason: undefined, gating },
    dependencies,
  };
}

const LONGEST_NAME = "n".repeat(61);
const LONGEST_REASON = [...REASONS].sort((a, b) => b.length - a.length)[0] as Reason;
const LONGEST_DETAIL = "servers[10]=AuthenticationFailed ".repeat(19).trim();
/** As many dependencies as a policy may name, each with every text at its longest. */
const LONGEST = podOf(
  Array.from({ length: 12 }, (_, index) => {
    const longest = view(`${LONGEST_NAME}${10 + index}`, LONGEST_REASON, LONGEST_DETAIL);
    return { ...longest, type: "t".repeat(63), state: { ...longest.state, tls: false } };
  }),
);

describe("readyAnswer", () => {
  test("ok", () => {
    expect(readyAnswer(podOf([view("db")]))).toStrictEqual({ status: 200, body: "ok" });
  });

  test("one line for each dependency that gates", () => {
    const pod = podOf([
      view("orders-db", "ConnectionRefused"),
      view("fine"),
      view("sessions", "TooFewServers", "servers[1]=ConnectionRefused"),
    ]);
    expect(readyAnswer(pod)).toStrictEqual({
      status: 503,
      body: "orders-db: ConnectionRefused\nsessions: TooFewServers servers[1]=ConnectionRefused",
    });
  });

  test.each([
    [false, "Starting", 503],
    [true, "NoPolicy", 200],
  ] as const)("ready %j, reason %s", (ready, reason, status) => {
    const pod = { ...podOf([]), verdict: { ready, reason, gating: [] } };
    expect(readyAnswer(pod)).toStrictEqual({ status, body: reason });
  });

  test("a dry run is named, with a line for each dependency that would gate", () => {
    const dryRun = (...dependencies: DependencyView[]) => {
      const enforced = podOf(dependencies);
      return readyAnswer({ ...enforced, verdict: DRY_RUN, enforced: enforced.verdict });
    };
    expect(dryRun(view("db"))).toStrictEqual({ status: 200, body: "DryRun" });
    expect(dryRun(view("fine"), view("db", "ConnectionRefused"))).toStrictEqual({
      status: 200,
      body: "DryRun\ndb: ConnectionRefused",
    });
  });

  test("a shared fault is named, with a line for each dependency that is down", () => {
    const pod = podOf([view("fine"), view("db", "ConnectionRefused")]);
    const shared = { ready: true, reason: "SharedFault" as const, gating: [], shared: ["db"] };
    expect(readyAnswer({ ...pod, verdict: shared })).toStrictEqual({
      status: 200,
      body: "SharedFault\ndb: ConnectionRefused",
    });
    const verdict = { ready: false, reason: undefined, gating: ["fine"], shared: ["db"] };
    expect(readyAnswer({ ...pod, verdict })).toStrictEqual({ status: 503, body: "fine: Starting" });
  });

  test("a dependency without a result says so", () => {
    const unheard = { ...view("db"), state: UNHEARD };
    expect(readyAnswer(podOf([unheard])).body).toBe("db: Starting");
  });

  test("is cut at a whole line", () => {
    const { body } = readyAnswer(LONGEST);
    expect(Buffer.byteLength(body)).toBeLessThanOrEqual(MAX_READY_BYTES);
    expect(body).toBe(`${LONGEST_NAME}10: ${LONGEST_REASON} ${LONGEST_DETAIL}`);

    const full = view("n".repeat(MAX_READY_BYTES - ": HostNotFound".length), "HostNotFound");
    expect(Buffer.byteLength(readyAnswer(podOf([full])).body)).toBe(MAX_READY_BYTES);

    const short = podOf(
      Array.from({ length: 12 }, (_, i) => view(`${LONGEST_NAME}${10 + i}`, LONGEST_REASON)),
    );
    const lines = readyAnswer(short).body.split("\n");
    expect(lines.length).toBeGreaterThan(5);
    expect(lines.length).toBeLessThan(12);
    expect(lines.at(-1)).toMatch(new RegExp(`^${LONGEST_NAME}\\d\\d: ${LONGEST_REASON}$`));
  });
});

describe("statusAnswer", () => {
  test("whole", () => {
    const db = view("db");
    const pod = podOf([
      { ...db, type: "postgresql", state: { ...db.state, tls: true } },
      view("sessions", "TooFewServers", "servers[1]=HostNotFound"),
      {
        ...view("new"),
        impact: "Observe",
        state: { ...UNHEARD, passing: { high: true, against: 0 } },
      },
    ]);
    const since = "2026-01-02T03:04:05.000Z";
    expect(JSON.parse(statusAnswer(pod))).toStrictEqual({
      policy: "web",
      generation: 3,
      ready: false,
      dependencies: [
        {
          name: "db",
          type: "postgresql",
          impact: "Gate",
          up: true,
          gating: false,
          since,
          tls: true,
        },
        {
          name: "sessions",
          type: "memcached",
          impact: "Gate",
          up: false,
          gating: true,
          reason: "TooFewServers",
          detail: "servers[1]=HostNotFound",
          since,
        },
        { name: "new", type: "memcached", impact: "Observe", up: null, gating: false },
      ],
    });
  });

  test("a dry run: ready, and what would not be", () => {
    const pod = podOf([view("db", "ConnectionRefused"), view("fine")]);
    const status = JSON.parse(statusAnswer({ ...pod, verdict: DRY_RUN, enforced: pod.verdict }));
    expect(status).toMatchObject({ ready: true, reason: "DryRun", wouldBeReady: false });
    expect(status.dependencies).toMatchObject([
      { name: "db", gating: false, wouldGate: true, since: "2026-01-02T03:04:05.000Z" },
      { name: "fine", gating: false, wouldGate: false },
    ]);
  });

  test("a shared fault, and what has just failed here", () => {
    const failing = view("cache");
    const state = { ...failing.state, up: { high: true, against: 1 } };
    const pod = podOf([view("db", "ConnectionRefused"), { ...failing, state }, view("fine")]);
    const shared = { ready: true, reason: "SharedFault" as const, gating: [], shared: ["db"] };
    const status = JSON.parse(statusAnswer({ ...pod, verdict: shared }));
    expect(status).toMatchObject({ ready: true, reason: "SharedFault" });
    const said = status.dependencies.map(({ name, up, gating, shared, failing }: never) => [
      name,
      up,
      gating,
      shared,
      failing,
    ]);
    expect(said).toStrictEqual([
      ["db", false, false, true, undefined],
      ["cache", true, false, undefined, true],
      ["fine", true, false, undefined, undefined],
    ]);
    const dryRun = { ...pod, verdict: DRY_RUN, enforced: shared };
    expect(JSON.parse(statusAnswer(dryRun)).dependencies[0].shared).toBe(true);
  });

  test("without a policy", () => {
    const verdict = { ready: true, reason: "NoPolicy" as const, gating: [] };
    const pod = { policy: undefined, generation: undefined, verdict, dependencies: [] };
    expect(JSON.parse(statusAnswer(pod))).toStrictEqual({
      policy: null,
      generation: null,
      ready: true,
      reason: "NoPolicy",
      dependencies: [],
    });
  });

  test("says that the policy file is of a later format", () => {
    const verdict = { ready: true, reason: "Unsupported" as const, gating: [] };
    const pod = {
      policy: undefined,
      generation: undefined,
      unsupportedFormat: 2,
      verdict,
      dependencies: [],
    };
    expect(JSON.parse(statusAnswer(pod))).toStrictEqual({
      policy: null,
      generation: null,
      unsupportedFormat: 2,
      ready: true,
      reason: "Unsupported",
      dependencies: [],
    });
  });

  test("keeps the details up to its bound", () => {
    const pod = podOf([view("sessions", "TooFewServers", "servers[1]=HostNotFound")]);
    const room = MAX_STATUS_BYTES - statusAnswer({ ...pod, policy: "" }).length;
    expect(statusAnswer({ ...pod, policy: "p".repeat(room) })).toContain("servers[1]");
    expect(statusAnswer({ ...pod, policy: "p".repeat(room + 1) })).not.toContain("servers[1]");
  });

  test("at its longest it drops the details and fits", () => {
    const body = statusAnswer({
      ...LONGEST,
      enforced: { ...LONGEST.verdict, shared: LONGEST.verdict.gating },
      unsupportedFormat: Number.MAX_SAFE_INTEGER,
      policy: "p".repeat(253),
      generation: Number.MAX_SAFE_INTEGER,
    });
    expect(Buffer.byteLength(body)).toBeLessThanOrEqual(MAX_STATUS_BYTES);
    const { dependencies } = JSON.parse(body);
    expect(dependencies).toHaveLength(12);
    expect(dependencies[11]).toMatchObject({ reason: LONGEST_REASON, since: expect.any(String) });
    expect(dependencies[0].detail).toBeUndefined();
  });
});
