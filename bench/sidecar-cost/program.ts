/** One program under measurement: started, asked, and its work and memory read from /proc. */
import { type ChildProcess, spawn } from "node:child_process";
import { once } from "node:events";
import { readdirSync, readFileSync } from "node:fs";
import { get } from "node:http";
import { setTimeout as sleep } from "node:timers/promises";

/** What to start: node's arguments and the environment. */
export interface ProgramCommand {
  args: string[];
  env: NodeJS.ProcessEnv;
  port: number;
}

/** A running program. */
export interface Program {
  /** From its start to the first 200 of /readyz, in milliseconds. */
  startMilliseconds: number;
  /** CPU time of all its threads so far, in milliseconds. */
  cpuMilliseconds(): number;
  /** What is its own alone (RssAnon), and its share of what others use as well (Pss); in MiB. */
  memory(): { anonymous: number; proportional: number };
  /** Asks once; resolves with the status. */
  probe(): Promise<number>;
  stop(): Promise<void>;
}

const START_LIMIT_MILLISECONDS = 20_000;
const RETRY_MILLISECONDS = 2;
const PROBE_LIMIT_MILLISECONDS = 5_000;

/** Starts a program and waits until it is ready. */
export async function startProgram({ args, env, port }: ProgramCommand): Promise<Program> {
  const startedAt = performance.now();
  const child = spawn(process.execPath, args, { env, stdio: ["ignore", "ignore", "inherit"] });
  const probe = () => statusOf(port);
  while ((await probe().catch(() => 0)) !== 200) {
    if (child.exitCode !== null || performance.now() - startedAt > START_LIMIT_MILLISECONDS) {
      child.kill("SIGKILL");
      throw new Error(`not ready: node ${args.join(" ")}`);
    }
    await sleep(RETRY_MILLISECONDS);
  }
  const { pid } = child;
  return {
    startMilliseconds: performance.now() - startedAt,
    cpuMilliseconds: () => cpuOf(pid),
    memory: () => ({
      anonymous: kibibytesIn(`/proc/${pid}/status`, "RssAnon") / 1024,
      proportional: kibibytesIn(`/proc/${pid}/smaps_rollup`, "Pss") / 1024,
    }),
    probe,
    stop: () => stop(child),
  };
}

/** As the kubelet asks: a new connection each time. */
function statusOf(port: number): Promise<number> {
  return new Promise((resolve, reject) => {
    const url = `http://127.0.0.1:${port}/readyz`;
    const options = { agent: false, timeout: PROBE_LIMIT_MILLISECONDS };
    const request = get(url, options, (response) => {
      response.resume();
      response.once("end", () => resolve(response.statusCode ?? 0));
    });
    request.once("timeout", () => request.destroy(new Error("no answer")));
    request.once("error", reject);
  });
}

/** The first figure of schedstat is the time on a CPU in nanoseconds; getrusage would round to 10 ms. */
function cpuOf(pid: number | undefined): number {
  const folder = `/proc/${pid}/task`;
  const nanoseconds = readdirSync(folder).map((task) =>
    Number(readFileSync(`${folder}/${task}/schedstat`, "utf8").split(" ")[0]),
  );
  return nanoseconds.reduce((sum, value) => sum + value, 0) / 1e6;
}

function kibibytesIn(path: string, field: string): number {
  return Number(new RegExp(`^${field}:\\s+(\\d+) kB`, "m").exec(readFileSync(path, "utf8"))?.[1]);
}

async function stop(child: ChildProcess): Promise<void> {
  const exited = once(child, "exit");
  child.kill("SIGKILL");
  await exited;
}
