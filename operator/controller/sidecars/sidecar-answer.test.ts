import { describe, expect, test } from "@jest/globals";
import { NO_CHECKS } from "../../sidecar/check-counts.ts";
import type { PodView } from "../../sidecar/pod-view.ts";
import { statusAnswer } from "../../sidecar/probe-server/answers.ts";
import { DRY_RUN, UNHEARD } from "../../sidecar/verdict.ts";
import { sidecarAnswer } from "./sidecar-answer.ts";

const NOW = new Date("2026-01-02T03:04:05.000Z");
const SINCE = "2026-01-02T03:03:00.000Z";
const DOWN = {
  name: "orders-db",
  gating: true,
  up: false,
  reason: "ConnectionRefused",
  since: SINCE,
};

const read = (answer: unknown) => sidecarAnswer(JSON.stringify(answer), NOW);
const answerOf = (...dependencies: unknown[]) => ({ policy: "web", dependencies });

describe("what a sidecar writes is read", () => {
  const down = { high: false, against: 0 };
  const orders = {
    name: "orders-db",
    type: "postgresql",
    impact: "Gate" as const,
    settled: true,
    counts: NO_CHECKS,
  };
  const since = Date.parse(SINCE);
  const state = { ...UNHEARD, heardAt: 1, up: down, reason: "ConnectionRefused" as const, since };
  const gating = { ready: false, reason: undefined, gating: ["orders-db"] };
  const pod: PodView = {
    policy: "web",
    generation: 3,
    verdict: gating,
    dependencies: [{ ...orders, state }],
  };

  test("under an enforced policy", () => {
    expect(sidecarAnswer(statusAnswer(pod), NOW)).toStrictEqual(answerOf(DOWN));
  });

  test("in a dry run", () => {
    const dryRun = statusAnswer({ ...pod, verdict: DRY_RUN, enforced: gating });
    expect(sidecarAnswer(dryRun, NOW)).toStrictEqual({
      ...answerOf({ ...DOWN, gating: false, wouldGate: true }),
      wouldBeReady: false,
    });
  });

  test("before the first check", () => {
    const unheard = statusAnswer({ ...pod, dependencies: [{ ...orders, state: UNHEARD }] });
    expect(sidecarAnswer(unheard, NOW)).toStrictEqual(
      answerOf({ name: "orders-db", gating: true, up: null }),
    );
  });

  test("a sidecar without a policy says nothing about one", () => {
    const without = { ...pod, policy: undefined, generation: undefined, dependencies: [] };
    expect(sidecarAnswer(statusAnswer(without), NOW)).toBeUndefined();
  });
});

const many = (count: number) =>
  Array.from({ length: count }, (_, index) => ({ ...DOWN, name: `db-${index}` }));

test("twelve dependencies and a clock that is a little ahead are believed", () => {
  expect(read(answerOf(...many(12)))?.dependencies).toHaveLength(12);
  expect(read(answerOf({ ...DOWN, since: "2026-01-02T03:05:00.000Z" }))).toBeDefined();
});

test.each<[string, unknown]>([
  ["no object", "ready"],
  ["null", null],
  ["a list", []],
  ["no dependencies", { policy: "web" }],
  ["a policy that is no text", { ...answerOf(DOWN), policy: 1 }],
  ["thirteen dependencies", answerOf(...many(13))],
  ["a reason that is on no list", answerOf({ ...DOWN, reason: "<b>password is 123</b>" })],
  ["a name longer than names are", answerOf({ ...DOWN, name: "x".repeat(64) })],
  ["a name that is no text", answerOf({ ...DOWN, name: { toString: "x" } })],
  ["a time that is none", answerOf({ ...DOWN, since: "yesterday" })],
  ["a time of many digits", answerOf({ ...DOWN, since: `2026-01-02T03:03:00.${"0".repeat(60)}Z` })],
  ["a time in the future", answerOf({ ...DOWN, since: "2026-01-02T03:06:00.000Z" })],
  ["a word for a truth", answerOf({ ...DOWN, gating: "true" })],
  ["a number for a truth", { ...answerOf(DOWN), wouldBeReady: 0 }],
])("%s is no answer", (_, answer) => {
  expect(read(answer)).toBeUndefined();
});

test.each(["", "not json", '{"policy":', "[".repeat(4_096)])("%j is no answer", (text) => {
  expect(sidecarAnswer(text, NOW)).toBeUndefined();
});
