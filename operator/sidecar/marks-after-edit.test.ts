import { expect, test } from "@jest/globals";
import type { PolicyFile } from "../api/policy-file.ts";
import type { Marks } from "./marks.ts";
import { marksAfterEdit } from "./marks-after-edit.ts";
import { stateAfter } from "./testing/dependency-states.ts";
import { database, newMarks, policy, TIMING } from "./testing/test-pod.ts";
import { type DependencyState, UNHEARD } from "./verdict.ts";

const UP: DependencyState = {
  ...UNHEARD,
  up: { high: true, against: 0 },
  passing: { high: true, against: 0 },
  heardAt: 1,
};
const DOWN = stateAfter(["ConnectionRefused"]);
const TIMEOUTS = {
  connectTimeoutMilliseconds: TIMING.connectTimeoutMilliseconds,
  checkTimeoutMilliseconds: TIMING.checkTimeoutMilliseconds,
};
const LESS = { ...TIMING, checkTimeoutMilliseconds: TIMING.checkTimeoutMilliseconds - 1 };

const SETTLED = { db: { content: "db", target: "there" } };

/** The settled marks after an edit of a policy whose one dependency, `db`, was settled. */
function settledAfter(edit: {
  state?: DependencyState;
  content?: string;
  before?: Partial<Marks>;
  next?: Partial<PolicyFile>;
}) {
  const { state = UP, content = "db", before, next } = edit;
  const marks: Marks = {
    ...newMarks(0),
    settled: SETTLED,
    timeouts: TIMEOUTS,
    mode: "Enforce",
    ...before,
  };
  const dependencies = [{ dependency: database(), content, state }];
  return marksAfterEdit(marks, policy([database()], next), dependencies).settled;
}

test("what did not change stays settled, whatever is known of it", () => {
  for (const state of [UP, DOWN, UNHEARD]) expect(settledAfter({ state })).toEqual(SETTLED);
});

test("what changed, or had not been up, is not settled", () => {
  expect(settledAfter({ content: "db, changed" })).toEqual({});
  expect(settledAfter({ before: { settled: {} } })).toEqual({});
});

test("under shorter times only what is down stays settled", () => {
  const next = { timing: LESS };
  expect(settledAfter({ next })).toEqual({});
  expect(settledAfter({ next, state: UNHEARD })).toEqual({});
  expect(settledAfter({ next, state: DOWN })).toEqual(SETTLED);
});

test("at the end of a dry run only what is up stays settled", () => {
  const before = { mode: "DryRun" as const };
  expect(settledAfter({ before })).toEqual(SETTLED);
  expect(settledAfter({ before, state: DOWN })).toEqual({});
  expect(settledAfter({ before, state: DOWN, next: { mode: "DryRun" } })).toEqual(SETTLED);
});

test("a policy is remembered by its times and mode, and its deletion forgets both", () => {
  const marks = { ...newMarks(0), settled: SETTLED };
  const seen = marksAfterEdit(marks, policy([database()]), []);
  expect(seen).toEqual({ policySeen: true, settled: {}, timeouts: TIMEOUTS, mode: "Enforce" });
  const gone = marksAfterEdit({ ...marks, ...seen }, undefined, []);
  expect(gone).toEqual({ policySeen: true, settled: {}, timeouts: undefined, mode: undefined });
});
