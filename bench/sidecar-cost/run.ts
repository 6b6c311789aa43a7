/**
 * What the sidecar costs, beside a naive one: the same servers and interval, in one run, copies of both
 * started in turn. README.md says how to read the figures.
 */
import { mkdirSync, mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { parseArgs } from "node:util";
import { startMemcached } from "../../operator/sidecar/checks/memcached/testing/real-memcached.ts";
import { createDatabaseFolder } from "../../operator/sidecar/checks/postgresql/testing/real-postgresql.ts";
import { freePort } from "../../operator/sidecar/checks/testing/real-server.ts";
import { bundle, imageFlags } from "./image.ts";
import { naiveEnvironment } from "./naive-environment.ts";
import { type Program, type ProgramCommand, startProgram } from "./program.ts";
import { type Dependencies, HOST, postgresqlAt, writeMounted } from "./servers.ts";
import { sidecarEnvironment } from "./sidecar-environment.ts";

/** The defaults of the resource: a check every 5 s, a probe every 2 s. A naive sidecar checks in its probe. */
const INTERVAL_SECONDS = 5;
const PROBE_SECONDS = 2;

/** Node compiles and fills its caches first; what that takes is no running cost. */
const WARM_UP_SECONDS = 30;

/** One row of the result. */
interface Kind {
  name: string;
  command(): Promise<ProgramCommand>;
  /** Seconds between two probes; undefined: none. */
  probeSeconds: number | undefined;
}

interface Ports {
  database: number;
  caches: number[];
}

/** What one copy came to. */
interface Result {
  start: number;
  /** Thousandths of a core. */
  cpu: number;
  anonymous: number;
  proportional: number;
}

/** With what is unset as by default. */
function dependenciesAt({ database, caches }: Ports): Dependencies {
  return [
    { name: "orders-db", postgresql: { ...postgresqlAt(database), tls: { mode: "Disable" } } },
    { name: "sessions", memcached: { servers: caches.map((port) => ({ host: HOST, port })) } },
  ];
}

function kinds(folder: string, ports: Ports, ours: string): Kind[] {
  const mounted = join(folder, "mounted");
  writeMounted(mounted, dependenciesAt(ports));
  const { flags, env } = imageFlags();
  let copies = 0;
  const sidecar = async (): Promise<ProgramCommand> => {
    const port = await freePort();
    const state = join(folder, `state-${copies++}`);
    mkdirSync(state);
    const settings = sidecarEnvironment({ port, mounted, state });
    return { args: [...flags, ours], env: { NODE_ENV: "production", ...env, ...settings }, port };
  };
  const naive = async (): Promise<ProgramCommand> => {
    const port = await freePort();
    const env = naiveEnvironment({ port, host: HOST, ...ports });
    return { args: [join(folder, "naive.cjs")], env, port };
  };
  return [
    { name: "ours", command: sidecar, probeSeconds: PROBE_SECONDS },
    { name: "naive", command: naive, probeSeconds: INTERVAL_SECONDS },
    { name: "ours, never probed", command: sidecar, probeSeconds: undefined },
  ];
}

async function probeFor(program: Program, seconds: number | undefined, end: number): Promise<void> {
  if (seconds === undefined) return sleep(end - performance.now());
  while (performance.now() < end) {
    const next = performance.now() + seconds * 1_000;
    const status = await program.probe();
    if (status !== 200) throw new Error(`a probe was answered ${status}`);
    await sleep(Math.max(0, next - performance.now()));
  }
}

async function measure(program: Program, kind: Kind, seconds: number): Promise<Result> {
  await probeFor(program, kind.probeSeconds, performance.now() + WARM_UP_SECONDS * 1_000);
  const startedAt = performance.now();
  const before = program.cpuMilliseconds();
  await probeFor(program, kind.probeSeconds, startedAt + seconds * 1_000);
  const cpu = (1_000 * (program.cpuMilliseconds() - before)) / (performance.now() - startedAt);
  return { start: program.startMilliseconds, cpu, ...program.memory() };
}

function median(values: number[]): number {
  const sorted = values.toSorted((a, b) => a - b);
  return ((sorted[(sorted.length - 1) >> 1] ?? 0) + (sorted[sorted.length >> 1] ?? 0)) / 2;
}

function print(results: Map<string, Result[]>): void {
  const of = (name: string, figure: keyof Result) =>
    median((results.get(name) ?? []).map((result) => result[figure]));
  const row = (label: string, figure: keyof Result) => {
    const [ours, naive] = [of("ours", figure), of("naive", figure)];
    const spread = (name: string) => {
      const values = (results.get(name) ?? []).map((result) => result[figure]);
      return `${Math.min(...values).toFixed(2)} to ${Math.max(...values).toFixed(2)}`;
    };
    const cells = [ours.toFixed(2), spread("ours"), naive.toFixed(2), spread("naive")];
    console.log(`| ${label} | ${cells.join(" | ")} | ${(ours / naive).toFixed(2)} |`);
  };
  console.log("\n| median | ours | spread | naive | spread | ratio |\n|---|---|---|---|---|---|");
  row("CPU, thousandths of a core", "cpu");
  row("memory of its own, MiB", "anonymous");
  row("memory with its share of common pages, MiB", "proportional");
  row("start to first ready answer, ms", "start");
  const unprobed = of("ours, never probed", "cpu");
  const perProbe = (of("ours", "cpu") - unprobed) * PROBE_SECONDS;
  console.log(`\nours: ${(unprobed * INTERVAL_SECONDS).toFixed(2)} ms of CPU per round of checks`);
  console.log(`      ${perProbe.toFixed(2)} ms per probe`);
}

async function main(): Promise<void> {
  const { values } = parseArgs({
    options: {
      minutes: { type: "string", default: "10" },
      copies: { type: "string", default: "4" },
      ours: { type: "string" },
    },
  });
  const folder = mkdtempSync(join(tmpdir(), "healthpolicy-bench-"));
  const ours = values.ours ?? join(folder, "sidecar.cjs");
  if (!values.ours) await bundle("operator/cmd/sidecar.ts", ours);
  await bundle("bench/sidecar-cost/naive.ts", join(folder, "naive.cjs"));
  const data = createDatabaseFolder();
  const database = await data.start();
  const caches = [await startMemcached(), await startMemcached()];
  const programs: Program[] = [];
  try {
    const ports = { database: database.port, caches: caches.map(({ port }) => port) };
    const all = kinds(folder, ports, ours);
    const measured: Promise<void>[] = [];
    const results = new Map<string, Result[]>();
    for (let copy = 0; copy < Number(values.copies); copy += 1) {
      for (const kind of all) {
        const program = await startProgram(await kind.command());
        programs.push(program);
        measured.push(
          measure(program, kind, Number(values.minutes) * 60).then((result) => {
            results.set(kind.name, [...(results.get(kind.name) ?? []), result]);
          }),
        );
      }
    }
    await Promise.all(measured);
    print(results);
  } finally {
    await Promise.all(programs.map((program) => program.stop()));
    await Promise.all([database, ...caches].map((server) => server.stop()));
    data.remove();
    rmSync(folder, { recursive: true });
  }
}

await main();
