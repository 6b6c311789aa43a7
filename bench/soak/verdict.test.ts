import { expect, test } from "@jest/globals";
import type { Point } from "./growth.ts";
import type { LongProgram } from "./long-program.ts";
import { type Readings, readingsOf } from "./readings.ts";
import type { Review } from "./reviews.ts";
import { brokenRules, type Counts } from "./verdict.ts";

const STEADY = [10, 10.4, 9.8, 10.1];
const pointsOf = (values: number[]): Point[] =>
  values.map((value, index) => ({ hours: index / 10, value }));

function readings(values: Partial<Record<keyof Readings["points"], number[]>> = {}): Readings {
  const { memory = STEADY, handles = STEADY, sockets = STEADY } = values;
  return {
    ...readingsOf({ name: "sidecar" } as LongProgram),
    last: { memory: 10, handles: 10, sockets: 1 },
    points: { memory: pointsOf(memory), handles: pointsOf(handles), sockets: pointsOf(sockets) },
  };
}

function rules(counts: Partial<Counts>): string[] {
  const none = {
    readings: [],
    longEnough: true,
    faults: [],
    falseUnready: 0,
    undisturbed: [],
    disturbed: [],
    notFollowed: [],
  };
  return brokenRules({ ...none, ...counts });
}

test("what goes up and down breaks none", () => {
  expect(rules({ readings: [readings()] })).toStrictEqual([]);
});

test("what certainly grows by more than is allowed does", () => {
  expect(rules({ readings: [readings({ memory: [10, 10.21, 10.4, 10.61] })] })).toStrictEqual([
    "sidecar: memory grew by at least 1.90 MiB an hour",
  ]);
  expect(rules({ readings: [readings({ sockets: [1, 2, 3, 4] })] })).toStrictEqual([
    "sidecar: sockets grew by at least 10.00 an hour",
  ]);
});

test("in a run that is too short to tell, growth breaks none", () => {
  const growing = [readings({ sockets: [1, 2, 3, 4] })];
  expect(rules({ readings: growing, longEnough: false })).toStrictEqual([]);
});

test("what may grow, or may not, breaks none before that is certain", () => {
  expect(rules({ readings: [readings({ memory: [10, 11, 10, 11] })] })).toStrictEqual([]);
});

test("a program that has ended", () => {
  expect(rules({ readings: [{ ...readings(), last: undefined }] })).toStrictEqual([
    "sidecar: it has ended",
  ]);
});

const reviews = (all: number, missed: number): Review[] =>
  Array.from({ length: all }, (_, index) => ({
    at: index,
    missed: index < missed ? "late" : undefined,
  }));

test("a fault that was not told, a pod that was unready without one, a missed sidecar", () => {
  const fault = { name: "stopped", reasons: new Set<string>() };
  const faults = [
    { ...fault, times: 3, noticed: 2 },
    { ...fault, times: 3, noticed: 3 },
  ];
  const counts = {
    faults,
    falseUnready: 4,
    undisturbed: reviews(9, 1),
    notFollowed: ["operator: slow"],
  };
  expect(rules(counts)).toStrictEqual([
    "sidecar: 1 of 3 times not told: stopped",
    "sidecar: 4 probes failed outside of faults",
    "operator: 1 pods missed their sidecar",
    "operator: slow",
  ]);
});

test.each([
  { all: 1_200, missed: 2, sentences: [] },
  { all: 40, missed: 1, sentences: [] },
  {
    all: 1_200,
    missed: 3,
    sentences: ["operator: 3 of 1200 pods missed their sidecar while packets were lost"],
  },
])("$missed of $all sidecars missed while packets were lost", ({ all, missed, sentences }) => {
  expect(rules({ disturbed: reviews(all, missed) })).toStrictEqual(sentences);
});
