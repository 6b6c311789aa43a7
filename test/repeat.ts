/**
 * Which test files of a step are run a second time, alone, and what then counts. On a machine that others load, a wait
 * that is generous on the day it was written is over too early on another; a fault of the product is there both times.
 */
import { hasFailed, type JestReport, type StepResult } from "./count.ts";

/** With more files than these something is broken, and a second run would only take long. */
const MOST_FILES = 6;

const failedSuites = (report: JestReport) => report.testResults.filter(hasFailed);

/** Absolute paths of the files to run again; none where the step failed otherwise than by some of its files. */
export function filesToRepeat(step: StepResult): string[] {
  if (step.succeeded || !step.report) return [];
  const reported = new Set(step.report.testResults.map((suite) => suite.name));
  if (step.mustReport?.some((file) => !reported.has(file))) return [];
  const files = failedSuites(step.report).map((suite) => suite.name);
  return files.length > MOST_FILES ? [] : files;
}

/**
 * The step as it counts: the files that ran again count as they ended then. Where that run left no report, the first
 * one stands.
 */
export function afterRepeat(first: StepResult, again: StepResult): StepResult {
  if (!(first.report && again.report)) return first;
  const anew = new Set(again.report.testResults.map((suite) => suite.name));
  const kept = first.report.testResults.filter((suite) => !anew.has(suite.name));
  return {
    ...first,
    succeeded: again.succeeded && !kept.some(hasFailed),
    report: { testResults: [...kept, ...again.report.testResults] },
    repeated: failedSuites(first.report).filter((suite) => anew.has(suite.name)),
  };
}
