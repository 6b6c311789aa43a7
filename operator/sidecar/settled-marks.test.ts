import { beforeEach, expect, test } from "@jest/globals";
import type { Marks, MarksFile } from "./marks.ts";
import { createSettledMarks, type SettledMarks } from "./settled-marks.ts";
import { cache, database, newMarks, policy } from "./testing/test-pod.ts";
import { UNHEARD } from "./verdict.ts";

const DB = { dependency: database(), content: "db", target: "there" };
const CACHE = { dependency: cache, content: "cache", target: undefined };

let current: Marks;
let writes: number;
let settled: SettledMarks;

beforeEach(() => {
  current = newMarks(0);
  writes = 0;
  const marks: MarksFile = {
    current: () => current,
    update(change) {
      current = { ...current, ...change };
      writes += 1;
    },
  };
  settled = createSettledMarks(marks);
  settled.add(DB);
  settled.add(CACHE);
  writes = 0;
});

test("a mark is that of a name and a content", () => {
  expect(settled.of(DB)).toStrictEqual({ content: "db", target: "there" });
  expect(settled.of(CACHE)).toStrictEqual({ content: "cache", target: undefined });
  expect(settled.of({ ...DB, content: "db, changed" })).toBeUndefined();
  expect(
    settled.of({ ...DB, dependency: database("db", { name: "constructor" }) }),
  ).toBeUndefined();
});

test("one is dropped, and what is not there costs no write", () => {
  settled.drop(DB);
  expect(current.settled).toStrictEqual({ cache: { content: "cache", target: undefined } });
  settled.drop(DB);
  expect(writes).toBe(1);
});

test("an edit keeps what did not change with its target, and is written once", () => {
  const next = policy([database(), cache]);
  const dependencies = [
    { ...DB, state: UNHEARD },
    { ...CACHE, content: "cache, changed", state: UNHEARD },
  ];
  settled.edit(next, dependencies);
  expect(current).toMatchObject({ policySeen: true, mode: "Enforce" });
  expect(current.settled).toStrictEqual({ db: { content: "db", target: "there" } });
  settled.edit(next, dependencies);
  expect(writes).toBe(1);
});
