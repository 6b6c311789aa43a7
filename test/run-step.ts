/** Runs one step of a whole run with a time limit that nothing it starts can outlive. */
import { spawn } from "node:child_process";
import { setTimeout as sleep } from "node:timers/promises";

/** Between the request to end an overdue step and its end by force. */
const KILL_GRACE_MILLISECONDS = 10_000;
/** How often an ending step is asked whether something of it still runs. */
const POLL_MILLISECONDS = 50;

/** What a step runs in; times in milliseconds. */
export interface StepOptions {
  deadline: number;
  cwd?: string;
  env?: NodeJS.ProcessEnv;
  /** From SIGTERM to SIGKILL; shorter in tests alone. */
  grace?: number;
}

/** The groups of processes that are running now, by the id of their first. */
const running = new Set<number>();
/** Once the whole run is being ended, no step may start: nobody would be left to end it. */
let ending = false;

/** Sends a signal to a whole group; false when nothing of it is left. Signal 0 only asks. */
function signalGroup(group: number, signal: NodeJS.Signals | 0): boolean {
  try {
    return process.kill(-group, signal);
  } catch {
    return false;
  }
}

async function endGroup(group: number, grace: number): Promise<void> {
  signalGroup(group, "SIGTERM");
  const byForce = performance.now() + grace;
  while (signalGroup(group, 0) && performance.now() < byForce) await sleep(POLL_MILLISECONDS);
  signalGroup(group, "SIGKILL");
}

/** Ends every step that runs, with all that it started. */
export async function endRunningSteps(grace = KILL_GRACE_MILLISECONDS): Promise<void> {
  await Promise.all([...running].map((group) => endGroup(group, grace)));
}

/** Makes Ctrl-C and SIGTERM end the steps first: in groups of their own they no longer hear them. */
export function onSignalsEndSteps(): void {
  for (const signal of ["SIGINT", "SIGTERM", "SIGHUP"] as const) {
    process.once(signal, () => {
      ending = true;
      void endRunningSteps().finally(() => process.exit(130));
    });
  }
}

/**
 * Runs a command with its output on ours; true when it ended with status 0 within the deadline. When that
 * is over, the command is ended with every process of its group: make alone would leave what it started,
 * which holds the cluster and the machine while the next step runs.
 */
export async function runStep(command: readonly string[], options: StepOptions): Promise<boolean> {
  if (ending) return false;
  const { deadline, cwd, env, grace = KILL_GRACE_MILLISECONDS } = options;
  const [program = "", ...parameters] = command;
  const stdio = ["ignore", "inherit", "inherit"] as ["ignore", "inherit", "inherit"];
  const child = spawn(program, parameters, { cwd, env, stdio, detached: true });
  const { pid } = child;
  const ended = Promise.withResolvers<boolean>();
  child.once("error", () => ended.resolve(false));
  child.once("close", (code) => ended.resolve(code === 0));
  if (pid === undefined) return ended.promise;

  running.add(pid);
  const over = new AbortController();
  const overdue = sleep(deadline, "overdue" as const, { signal: over.signal }).catch(() => false);
  const outcome = await Promise.race([ended.promise, overdue]);
  over.abort();
  if (outcome === "overdue") {
    console.error(`not done after ${deadline / 60_000} minutes, ending it`);
    await endGroup(pid, grace);
    await ended.promise;
  }
  running.delete(pid);
  return outcome === true;
}
