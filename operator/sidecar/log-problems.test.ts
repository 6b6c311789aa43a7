import { beforeEach, expect, test } from "@jest/globals";
import { logProblems } from "./log-problems.ts";
import { cache, database, OK, REFUSED } from "./testing/test-pod.ts";
import type { CheckResult } from "./verdict.ts";

let lines: [level: string, message: string, fields: object | undefined][];
let note: ReturnType<typeof logProblems>;

beforeEach(() => {
  lines = [];
  note = logProblems((...line) => {
    lines.push([line[0], line[1], line[2]]);
  });
});

const bad = (problem: string): CheckResult => ({ ok: false, reason: "Misconfigured", problem });
const line = (name: string, problem: string, type = "postgresql") => [
  "warn",
  `dependency ${name}: ${problem}`,
  { dependency: name, type },
];

test("a problem is said once while it lasts, and each other one", () => {
  for (const problem of ["a", "a", "b", "b"]) note(database(), bad(problem));
  expect(lines).toStrictEqual([line("db", "a"), line("db", "b")]);
});

test.each([
  ["a success", OK],
  ["another failure", REFUSED],
])("after %s it is said again", (_, between) => {
  note(database(), bad("a"));
  note(database(), between);
  note(database(), bad("a"));
  expect(lines).toStrictEqual([line("db", "a"), line("db", "a")]);
});

test("each dependency has its own", () => {
  note(database(), bad("a"));
  note(cache, bad("a"));
  note(database(), bad("a"));
  expect(lines).toStrictEqual([line("db", "a"), line("cache", "a", "memcached")]);
});

test("what was said of dependencies of long ago is forgotten, and what was said later is not", () => {
  const noteNumbered = (index: number) => note(database("db", { name: `db-${index}` }), bad("a"));
  for (let index = 0; index < 65; index += 1) noteNumbered(index);
  noteNumbered(0);
  expect(lines).toHaveLength(66);
  noteNumbered(2);
  expect(lines).toHaveLength(66);
});
