import { registerHooks } from "node:module";
import { setImmediate } from "node:timers/promises";
import { pathToFileURL } from "node:url";
import { type AssertionResult, createEmptyTestResult, type TestResult } from "@jest/test-result";
import type { Circus, Config } from "@jest/types";
import { addEventHandler, getState, resetState, run } from "jest-circus";
import { formatExecError, formatResultsErrors } from "jest-message-util";
import { expect, jest } from "./jest-globals.ts";

const DEFAULT_TIMEOUT = 5_000; // milliseconds; Jest's own

const GLOBALS = new URL("./jest-globals.ts", import.meta.url).href;
registerHooks({
  resolve: (specifier, context, next) =>
    specifier === "@jest/globals" ? { url: GLOBALS, shortCircuit: true } : next(specifier, context),
});

// What a test has announced by `expect.assertions` and not done. It is asked for after each, and forgotten with that.
addEventHandler((event) => {
  if (event.name !== "test_done") return;
  event.test.errors.push(...expect.extractExpectedAssertionsErrors().map(({ error }) => error));
});

/**
 * Collects what nobody caught until `stop`, which gives it. Without it one such error would end the worker, and the
 * file's other tests with it. A rejection that is handled later is none, as in Jest.
 */
function collectUncaught(): { stop: () => unknown[] } {
  const uncaught = new Map<unknown, unknown>();
  // Jest's own listener ends the worker, and the file is run again in another one until it passes, without a word.
  const others = process.rawListeners("uncaughtException") as NodeJS.UncaughtExceptionListener[];
  process.removeAllListeners("uncaughtException");
  const onException = (error: unknown) => uncaught.set({}, error);
  const onRejection = (error: unknown, promise: unknown) => uncaught.set(promise, error);
  const onHandled = (promise: unknown) => uncaught.delete(promise);
  process.on("uncaughtException", onException);
  process.on("unhandledRejection", onRejection);
  process.on("rejectionHandled", onHandled);
  return {
    stop: () => {
      process.off("uncaughtException", onException);
      for (const other of others.splice(0)) process.on("uncaughtException", other);
      process.off("unhandledRejection", onRejection);
      process.off("rejectionHandled", onHandled);
      return [...uncaught.values()];
    },
  };
}

const STATUSES = { done: "passed", skip: "pending", todo: "todo" } as const;

function toAssertionResult(result: Circus.TestResult): AssertionResult {
  const names = result.testPath.slice(1).map(String); // the first is the file's root block
  return {
    ancestorTitles: names.slice(0, -1),
    title: names.at(-1) ?? "",
    fullName: names.join(" "),
    status: result.errors.length > 0 ? "failed" : STATUSES[result.status],
    duration: result.duration ?? null,
    failureMessages: [...result.errors],
    failureDetails: [...result.errorsDetailed],
    numPassingAsserts: result.numPassingAsserts,
    invocations: result.invocations,
    retryReasons: [],
    location: result.location ?? null,
  };
}

/**
 * Runs one test file in Node's own modules. Jest's own program loads each file's modules anew, in a context of its own:
 * half of the CPU time of `make check` went into that (docs/decisions/0009-toolchain.md). Files that one worker runs
 * share what they import, so no test may leave anything behind in a module; fake timers and spies are put back here.
 *
 * @see https://jestjs.io/docs/configuration#testrunner-string
 */
export default async function runTestFile(
  globalConfig: Config.GlobalConfig,
  config: Config.ProjectConfig,
  _environment: unknown,
  _runtime: unknown,
  path: string,
): Promise<TestResult> {
  resetState();
  const state = getState();
  state.testTimeout = globalConfig.testTimeout ?? DEFAULT_TIMEOUT;
  state.testNamePattern = globalConfig.testNamePattern
    ? new RegExp(globalConfig.testNamePattern, "i")
    : null;
  expect.setState({ testPath: path, expand: globalConfig.expand });
  const uncaught = collectUncaught();
  try {
    await import(pathToFileURL(path).href);
    const { testResults, unhandledErrors } = await run();
    await setImmediate(); // by then Node has told of what was handled late
    const stacks = uncaught
      .stop()
      .map((error) => (error instanceof Error && error.stack) || String(error));
    const errors = [...unhandledErrors, ...stacks];
    const results = testResults.map(toAssertionResult);
    const count = (status: string) => results.filter((result) => result.status === status).length;
    return {
      ...createEmptyTestResult(),
      failureMessage: [
        formatResultsErrors(results, config, globalConfig, path) ?? "",
        ...errors.map((error) => formatExecError(error, config, globalConfig, path)),
      ].join("\n"),
      ...(errors.length > 0 && { testExecError: { message: "", stack: errors.join("\n") } }),
      numFailingTests: count("failed"),
      numPassingTests: count("passed"),
      numPendingTests: count("pending"),
      numTodoTests: count("todo"),
      testFilePath: path,
      testResults: results,
    };
  } finally {
    uncaught.stop();
    jest.useRealTimers();
    jest.restoreAllMocks();
  }
}
