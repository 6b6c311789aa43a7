/** Whether the sidecar's image holds out under its limits with every dependency type in one policy, TLS on. */
import { execFile } from "node:child_process";
import { chmodSync, mkdtempSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { parseArgs, promisify } from "node:util";
import { parse } from "yaml";
import {
  CONFIG_PATH,
  LIVE_PATH,
  METRICS_PATH,
  MOUNTED_KEYS_ENV,
  PORT_ENV,
  READY_PATH,
  STATE_PATH,
} from "../../operator/api/names.ts";
import { freePort } from "../../operator/sidecar/checks/testing/real-server.ts";
import { encrypted, MOUNTED_KEYS, startServers, withoutTls, writeMounted } from "./servers.ts";

/** As `make images` tags it. */
const IMAGE = "healthpolicy/sidecar:dev";
const VALUES = join(import.meta.dirname, "../../chart/values.yaml");

/** How often the kubelet asks by default, in milliseconds, and how long it waits. */
const READY_PERIOD = 2_000;
const LIVE_PERIOD = 10_000;
const PROBE_TIMEOUT = 5_000;
/** From the container's start to the first success of every check, in milliseconds. */
const READY_WITHIN = 30_000;
const DOCKER_TIMEOUT = 30_000;

const run = promisify(execFile);
const docker = async (...args: string[]): Promise<string> =>
  (await run("docker", args, { timeout: DOCKER_TIMEOUT })).stdout.trim();

/** The chart's limits, as docker writes them. */
function limits(): { memory: string; cpus: string } {
  const { cpu, memory } = parse(readFileSync(VALUES, "utf8")).sidecar.resources.limits;
  return { memory: memory.replace("Mi", "m"), cpus: String(Number.parseInt(cpu, 10) / 1_000) };
}

/** Starts the image as a pod runs it; gives the container's id. */
function startContainer(image: string, folder: string, port: number): Promise<string> {
  const { memory, cpus } = limits();
  return docker(
    "run",
    "--detach",
    // No swap, which nodes have not.
    ...["--memory", memory, "--memory-swap", memory, "--cpus", cpus],
    ...["--network", "host", "--read-only", "--cap-drop", "ALL"],
    ...["--volume", `${folder}:${CONFIG_PATH}:ro`],
    ...["--tmpfs", `${STATE_PATH}:size=1m,mode=1777`],
    ...["--env", `${PORT_ENV}=${port}`, "--env", `${MOUNTED_KEYS_ENV}=${MOUNTED_KEYS}`],
    image,
  );
}

async function get(port: number, path: string): Promise<{ status: number; text: string }> {
  const signal = AbortSignal.timeout(PROBE_TIMEOUT);
  const response = await fetch(`http://127.0.0.1:${port}${path}`, { signal });
  return { status: response.status, text: await response.text() };
}

const statusOf = (port: number, path: string) =>
  get(port, path).then(
    ({ status }) => status,
    () => 0,
  );

async function ready(port: number): Promise<void> {
  const end = performance.now() + READY_WITHIN;
  while ((await statusOf(port, READY_PATH)) !== 200) {
    if (performance.now() > end) throw new Error("the sidecar does not become ready");
    await sleep(200);
  }
}

/** Probes every `period` until `end`; gives how many there were and how many failed. */
async function probe(port: number, path: string, { period, end }: { period: number; end: number }) {
  let asked = 0;
  let failed = 0;
  while (performance.now() < end) {
    const [status] = await Promise.all([statusOf(port, path), sleep(period)]);
    asked += 1;
    if (status !== 200) failed += 1;
  }
  return { asked, failed };
}

/** The container's memory as docker and the kubelet count it, without file pages that can go, in MiB. */
async function watchMemory(container: string, end: number) {
  const readings: number[] = [];
  while (performance.now() < end) {
    const format = ["--no-stream", "--format", "{{.MemUsage}}"];
    const [reading] = await Promise.all([docker("stats", ...format, container), sleep(5_000)]);
    readings.push(Number.parseFloat(reading));
  }
  return { highest: Math.max(...readings), last: readings.at(-1) ?? 0 };
}

/** How many checks there were, of all dependencies together, and how many failed. */
async function checks(port: number): Promise<string> {
  const { text } = await get(port, METRICS_PATH);
  const sum = (name: string) =>
    [...text.matchAll(new RegExp(`^${name}\\{.*\\} (\\d+)$`, "gm"))].reduce(
      (total, [, count]) => total + Number(count),
      0,
    );
  const done = sum("healthpolicy_check_duration_seconds_count");
  return `${done} checks, ${sum("healthpolicy_check_failures_total")} of them failed`;
}

async function measure(container: string, port: number, minutes: number): Promise<void> {
  await ready(port);
  const end = performance.now() + minutes * 60_000;
  const [readiness, liveness, memory] = await Promise.all([
    probe(port, READY_PATH, { period: READY_PERIOD, end }),
    probe(port, LIVE_PATH, { period: LIVE_PERIOD, end }),
    watchMemory(container, end),
  ]);
  const [running, killed] = (
    await docker("inspect", "--format", "{{.State.Running}} {{.State.OOMKilled}}", container)
  ).split(" ");
  console.log(`
- ${minutes} minutes, every type in one policy, TLS where a type has it, limits of ${JSON.stringify(limits())}
- ${await checks(port)}
- memory: ${memory.highest} MiB at most, ${memory.last} MiB at the end
- readiness: ${readiness.asked} probes, ${readiness.failed} failed; liveness: ${liveness.asked}, ${liveness.failed} failed
- still running: ${running}; out of memory: ${killed}`);
  if (running !== "true" || readiness.failed + liveness.failed > 0) process.exitCode = 1;
}

async function main(): Promise<void> {
  const { values } = parseArgs({
    options: {
      minutes: { type: "string", default: "10" },
      image: { type: "string", default: IMAGE },
    },
  });
  const folder = mkdtempSync(join(tmpdir(), "healthpolicy-bench-"));
  // Read by the image's user.
  chmodSync(folder, 0o755);
  const { servers, stop } = await startServers();
  let container: string | undefined;
  try {
    writeMounted(folder, [...encrypted(servers), ...withoutTls(servers)]);
    const port = await freePort();
    container = await startContainer(values.image, folder, port);
    await measure(container, port, Number(values.minutes));
  } finally {
    if (container) await docker("rm", "--force", container);
    await stop();
    rmSync(folder, { recursive: true });
  }
}

await main();
