/**
 * What a whole run counts: pure, so that the one number that decides is tested. A failure can hide where
 * nobody counts it: a suite that cannot be loaded has no failed test, a file may never be run, a step may
 * die before its first test. Each of those is a failure here.
 */

/** One suite in the JSON that Jest writes; only what is read. */
export interface JestSuite {
  /** Absolute path of the test file. */
  name: string;
  status: string;
  assertionResults: { status: string; fullName: string }[];
}

/** The JSON that Jest writes with --json; only what is read. */
export interface JestReport {
  testResults: JestSuite[];
}

/** How one step of the run ended. */
export interface StepResult {
  name: string;
  succeeded: boolean;
  /** For a step that runs tests: its report, or null when it left none that could be read. */
  report?: JestReport | null;
  /** Absolute paths of the test files that must be in the report. */
  mustReport?: readonly string[];
  /** As they failed at first: the suites that ran once more, and count as they ended then. */
  repeated?: readonly JestSuite[];
}

/** The sums of a run, and one line for each failure: in a long log its own words are far from the end. */
export interface Count {
  passed: number;
  failed: number;
  skipped: number;
  problems: string[];
  /** One line for each test that failed at first and did not count: nobody would see it among what passed. */
  repeated: string[];
}

const NOTHING: Count = { passed: 0, failed: 0, skipped: 0, problems: [], repeated: [] };

const failure = (problem: string): Count => ({ ...NOTHING, failed: 1, problems: [problem] });

function sum(counts: readonly Count[]): Count {
  return {
    passed: counts.reduce((total, count) => total + count.passed, 0),
    failed: counts.reduce((total, count) => total + count.failed, 0),
    skipped: counts.reduce((total, count) => total + count.skipped, 0),
    problems: counts.flatMap((count) => count.problems),
    repeated: counts.flatMap((count) => count.repeated),
  };
}

/** Whether a suite counts at least one failure. */
export const hasFailed = (suite: JestSuite) => countSuite(suite).failed > 0;

function countSuite(suite: JestSuite): Count {
  const passed = suite.assertionResults.filter(({ status }) => status === "passed").length;
  const failures = suite.assertionResults.filter(({ status }) => status === "failed");
  const failed = failures.length;
  const tests: Count = {
    ...NOTHING,
    passed,
    failed,
    // pending, todo, disabled, skipped, and whatever Jest may call it next
    skipped: suite.assertionResults.length - passed - failed,
    problems: failures.map(({ fullName }) => `${suite.name}: ${fullName}`),
  };
  if (suite.assertionResults.length === 0) {
    return sum([tests, failure(`${suite.name} could not run, or holds no test`)]);
  }
  if (suite.status === "failed" && failed === 0) {
    return sum([tests, failure(`${suite.name} failed outside its tests`)]);
  }
  return tests;
}

function countReport(step: StepResult, report: JestReport): Count {
  const reported = new Set(report.testResults.map((suite) => suite.name));
  const missing = (step.mustReport ?? []).filter((file) => !reported.has(file));
  const counted = sum([
    ...report.testResults.map(countSuite),
    ...missing.map((file) => failure(`${file} did not report`)),
    { ...NOTHING, repeated: (step.repeated ?? []).flatMap((suite) => countSuite(suite).problems) },
  ]);
  if (!step.succeeded && counted.failed === 0) {
    return sum([counted, failure(`${step.name} failed, though none of its tests did`)]);
  }
  return counted;
}

function countStep(step: StepResult): Count {
  if (step.report) return countReport(step, step.report);
  if (step.report === null) {
    const unreported = (step.mustReport ?? []).map((file) => failure(`${file} did not report`));
    return sum([failure(`${step.name} left no report`), ...unreported]);
  }
  return step.succeeded ? { ...NOTHING, passed: 1 } : failure(`${step.name} failed`);
}

/** Adds up a run. With `skippedFails`, as in CI, each skipped test counts as failed too. */
export function countRun(steps: readonly StepResult[], skippedFails: boolean): Count {
  const total = sum(steps.map(countStep));
  if (!skippedFails || total.skipped === 0) return total;
  return sum([
    total,
    { ...NOTHING, failed: total.skipped, problems: [`${total.skipped} skipped tests`] },
  ]);
}

/** The last line of a run. */
export function lastLine(count: Count): string {
  const skipped = count.skipped > 0 ? `, ${count.skipped} skipped` : "";
  return `${count.passed} passed, ${count.failed} failed${skipped}`;
}
