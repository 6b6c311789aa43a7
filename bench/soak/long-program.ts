/** A program that runs for as long as the soak does, under its limits, and what it holds of the machine. */
import { type ChildProcess, spawn } from "node:child_process";
import { once } from "node:events";
import { readdirSync, readFileSync, readlinkSync } from "node:fs";
import { join } from "node:path";
import type { ControlGroup } from "./control-groups.ts";

/** What to start: node's arguments and the environment. */
export interface LongProgramCommand {
  name: string;
  args: string[];
  env: NodeJS.ProcessEnv;
  group: ControlGroup;
}

/** One look at a program. */
export interface Reading {
  /** Memory of its own (RssAnon), in MiB. */
  memory: number;
  /** Files, sockets, timers and all else that has a descriptor. */
  handles: number;
  /** Those of them that are sockets. */
  sockets: number;
}

/** The running program. */
export interface LongProgram {
  name: string;
  /** Undefined when it has ended. */
  read(): Reading | undefined;
  stop(): Promise<void>;
}

/** Frees what can be freed, so that what grows is a leak. */
const COLLECTING = [
  "--expose-gc",
  `--import=${join(import.meta.dirname, "collect-each-minute.mjs")}`,
];

/** Starts it. What it writes to its standard error is shown, the rest is not. */
export function startLongProgram({ name, args, env, group }: LongProgramCommand): LongProgram {
  const command = `${group.enter} && exec "$0" "$@"`;
  const child = spawn("sh", ["-c", command, process.execPath, ...COLLECTING, ...args], {
    env,
    stdio: ["ignore", "ignore", "inherit"],
    // Not in the terminal's group: an interrupt is the soak's to deal with.
    detached: true,
  });
  return {
    name,
    read: () => (isRunning(child) ? look(child.pid) : undefined),
    async stop() {
      if (isRunning(child)) {
        const exited = once(child, "exit");
        child.kill("SIGKILL");
        await exited;
      }
      group.remove();
    },
  };
}

function isRunning({ exitCode, signalCode }: ChildProcess): boolean {
  return exitCode === null && signalCode === null;
}

function look(pid: number | undefined): Reading {
  const status = readFileSync(`/proc/${pid}/status`, "utf8");
  const targets = readdirSync(`/proc/${pid}/fd`).map((handle) =>
    targetOf(`/proc/${pid}/fd/${handle}`),
  );
  return {
    memory: Number(/^RssAnon:\s+(\d+) kB/m.exec(status)?.[1]) / 1_024,
    handles: targets.length,
    sockets: targets.filter((target) => target.startsWith("socket:")).length,
  };
}

/** Where a descriptor leads; nowhere when it has been closed since the folder was read. */
function targetOf(path: string): string {
  try {
    return readlinkSync(path);
  } catch {
    return "";
  }
}
