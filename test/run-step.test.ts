import { spawn } from "node:child_process";
import { once } from "node:events";
import { existsSync, mkdtempSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { afterEach, beforeEach, expect, jest, test } from "@jest/globals";
import { endRunningSteps, runStep } from "./run-step.ts";

const MINUTE = 60_000;
/** Long enough for bash to start on a busy machine. */
const OVERDUE = 2_000;
/** Longest wait for bash to say that it runs, and for the end of a process that was told to end. */
const WITHIN = 10_000;

// Where nobody collects orphans, an ended step is waited for until its grace is over.
jest.setTimeout(60_000);

let directory: string;
let pidFile: string;
beforeEach(() => {
  directory = mkdtempSync(join(tmpdir(), "step-"));
  pidFile = join(directory, "pid");
  jest.spyOn(console, "error").mockImplementation(() => {});
});
afterEach(() => {
  jest.restoreAllMocks();
  rmSync(directory, { recursive: true });
});

/** A command whose child would sleep on after its parent's end; the child's id is in `pidFile`. */
const parentOfSleeper = (trap = "") => [
  "bash",
  "-c",
  `${trap} sleep 300 & echo $! > ${pidFile}.new; mv ${pidFile}.new ${pidFile}; wait; wait`,
];
const sleeper = () => Number(readFileSync(pidFile, "utf8"));

/** A process that ended and was not yet collected still has an id, and the state Z. */
function runs(pid: number): boolean {
  try {
    return !/^State:\s+Z/m.test(readFileSync(`/proc/${pid}/status`, "utf8"));
  } catch {
    return false;
  }
}

async function holds(condition: () => boolean): Promise<boolean> {
  const until = performance.now() + WITHIN;
  while (!condition() && performance.now() < until) await sleep(25);
  return condition();
}

test("a step succeeds with status 0 alone", async () => {
  expect(await runStep(["true"], { deadline: MINUTE })).toBe(true);
  expect(await runStep(["false"], { deadline: MINUTE })).toBe(false);
  expect(await runStep(["no-such-program"], { deadline: MINUTE })).toBe(false);
});

test("an overdue step takes along what it started", async () => {
  expect(await runStep(parentOfSleeper(), { deadline: OVERDUE })).toBe(false);
  expect(await holds(() => !runs(sleeper()))).toBe(true);
});

test("one that is deaf to SIGTERM is ended by force", async () => {
  const deaf = parentOfSleeper("trap '' TERM;");
  expect(await runStep(deaf, { deadline: OVERDUE, grace: 300 })).toBe(false);
  expect(await holds(() => !runs(sleeper()))).toBe(true);
});

test("steps that run can be ended from outside, as Ctrl-C does", async () => {
  const step = runStep(parentOfSleeper(), { deadline: MINUTE });
  expect(await holds(() => existsSync(pidFile))).toBe(true);
  await endRunningSteps();
  expect(await step).toBe(false);
  expect(await holds(() => !runs(sleeper()))).toBe(true);
});

test("SIGTERM to the whole run ends its step first, and starts no other", async () => {
  const program = `
    import { onSignalsEndSteps, runStep } from ${JSON.stringify(join(import.meta.dirname, "run-step.ts"))};
    onSignalsEndSteps();
    await runStep(${JSON.stringify(parentOfSleeper())}, { deadline: ${MINUTE} });
    await runStep(["touch", ${JSON.stringify(join(directory, "next"))}], { deadline: ${MINUTE} });`;
  const run = spawn(process.execPath, ["--input-type=module-typescript", "-e", program], {
    stdio: "ignore",
  });
  const exited = once(run, "exit");
  expect(await holds(() => existsSync(pidFile))).toBe(true);
  run.kill("SIGTERM");
  expect(await exited).toEqual([130, null]);
  expect(runs(sleeper())).toBe(false);
  expect(existsSync(join(directory, "next"))).toBe(false);
});
