import { describe, expect, test } from "@jest/globals";
import { countRun, type JestSuite, lastLine, type StepResult } from "./count.ts";

const suite = (name: string, statuses: string[], status = "passed"): JestSuite => ({
  name,
  status,
  assertionResults: statuses.map((each, index) => ({ status: each, fullName: `test ${index}` })),
});

const tests = (testResults: JestSuite[], more: Partial<StepResult> = {}): StepResult => ({
  name: "tests",
  succeeded: true,
  report: { testResults },
  ...more,
});

const lines = (steps: StepResult[], skippedFails = false) =>
  lastLine(countRun(steps, skippedFails));

describe("a run counts as failed", () => {
  test("a failed test", () => {
    const failed = suite("a", ["passed", "failed"], "failed");
    const count = countRun([tests([failed], { succeeded: false })], false);
    expect(lastLine(count)).toBe("1 passed, 1 failed");
    expect(count.problems).toStrictEqual(["a: test 1"]);
  });

  test("a step without tests that failed", () => {
    expect(lines([{ name: "lint", succeeded: false }])).toBe("0 passed, 1 failed");
  });

  test("a suite that could not be loaded, which Jest reports with no failed test", () => {
    const steps = [tests([suite("a", ["passed"]), suite("b", [], "failed")])];
    expect(lines(steps)).toBe("1 passed, 1 failed");
  });

  test("a suite that holds no test, whatever its own status says", () => {
    expect(lines([tests([suite("a", [])])])).toBe("0 passed, 1 failed");
  });

  test("a suite whose afterAll threw", () => {
    expect(lines([tests([suite("a", ["passed"], "failed")])])).toBe("1 passed, 1 failed");
  });

  test("a test step that died with all its reported tests green", () => {
    expect(lines([tests([suite("a", ["passed"])], { succeeded: false })])).toBe(
      "1 passed, 1 failed",
    );
  });

  test("a file that did not report", () => {
    const step = tests([suite("a", ["passed"])], { mustReport: ["a", "b"] });
    expect(countRun([step], false)).toStrictEqual({
      passed: 1,
      failed: 1,
      skipped: 0,
      problems: ["b did not report"],
      repeated: [],
    });
  });

  test("a step without a report, and each file that should be in it", () => {
    const step: StepResult = { name: "e2e", succeeded: true, report: null, mustReport: ["a", "b"] };
    expect(lines([step])).toBe("0 passed, 3 failed");
  });

  test("a skipped test in CI, and there alone", () => {
    const steps = [tests([suite("a", ["passed", "pending", "todo"])])];
    expect(lines(steps, true)).toBe("1 passed, 2 failed, 2 skipped");
    expect(lines(steps, false)).toBe("1 passed, 0 failed, 2 skipped");
  });
});

test("steps and tests that pass are added up", () => {
  const steps = [{ name: "lint", succeeded: true }, tests([suite("a", ["passed", "passed"])])];
  expect(lines(steps)).toBe("3 passed, 0 failed");
});
