import { expect, test } from "@jest/globals";
import { countRun, type JestSuite, lastLine, type StepResult } from "./count.ts";
import { afterRepeat, filesToRepeat } from "./repeat.ts";

const suite = (name: string, status: "passed" | "failed"): JestSuite => ({
  name,
  status,
  assertionResults: [{ status, fullName: "works" }],
});

const step = (testResults: JestSuite[], more: Partial<StepResult> = {}): StepResult => ({
  name: "tests",
  succeeded: testResults.every(({ status }) => status === "passed"),
  report: { testResults },
  mustReport: testResults.map(({ name }) => name),
  ...more,
});

const FIRST = step([suite("a", "passed"), suite("b", "failed")]);

test("a file of which something failed is run again", () => {
  expect(filesToRepeat(FIRST)).toStrictEqual(["b"]);
  const unloadable = { ...suite("c", "failed"), assertionResults: [] };
  expect(filesToRepeat(step([unloadable]))).toStrictEqual(["c"]);
});

test("nothing is run again of a step that passed, or failed otherwise than by its files", () => {
  expect(filesToRepeat(step([suite("a", "passed")]))).toStrictEqual([]);
  expect(filesToRepeat(step([suite("a", "passed")], { succeeded: false }))).toStrictEqual([]);
  expect(filesToRepeat({ ...FIRST, report: null })).toStrictEqual([]);
  expect(filesToRepeat({ ...FIRST, mustReport: ["a", "b", "c"] })).toStrictEqual([]);
});

test("nothing is run again where many files failed: something is broken", () => {
  const failed = ["a", "b", "c", "d", "e", "f", "g"].map((name) => suite(name, "failed"));
  expect(filesToRepeat(step(failed.slice(1)))).toHaveLength(6);
  expect(filesToRepeat(step(failed))).toStrictEqual([]);
});

test("a file that passes the second time counts as passed, and the run says what failed at first", () => {
  const count = countRun([afterRepeat(FIRST, step([suite("b", "passed")]))], true);
  expect(lastLine(count)).toBe("2 passed, 0 failed");
  expect(count.repeated).toStrictEqual(["b: works"]);
});

test("a file that fails twice counts as failed", () => {
  const count = countRun([afterRepeat(FIRST, step([suite("b", "failed")]))], true);
  expect(lastLine(count)).toBe("1 passed, 1 failed");
  expect(count.problems).toStrictEqual(["b: works"]);
});

test("a second run that passes its tests and fails all the same counts as a failure", () => {
  const again = step([suite("b", "passed")], { succeeded: false });
  expect(lastLine(countRun([afterRepeat(FIRST, again)], true))).toBe("2 passed, 1 failed");
});

test("where the second run left no report, the first one stands", () => {
  const again = step([], { report: null, succeeded: false });
  expect(lastLine(countRun([afterRepeat(FIRST, again)], true))).toBe("1 passed, 1 failed");
});
