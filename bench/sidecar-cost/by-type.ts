/** What dependency types cost a sidecar, in memory and CPU: one sidecar per type, and one with all, in one run. */
import { mkdirSync, mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { parseArgs } from "node:util";
import { freePort } from "../../operator/sidecar/checks/testing/real-server.ts";
import { bundle, imageFlags } from "./image.ts";
import { type Program, startProgram } from "./program.ts";
import {
  type Dependencies,
  encrypted,
  inClear,
  type Servers,
  startServers,
  withoutTls,
  writeMounted,
} from "./servers.ts";
import { sidecarEnvironment } from "./sidecar-environment.ts";

/** Node compiles and fills its caches first; what that takes is no running cost. */
const WARM_UP_SECONDS = 30;
/** The default interval, times the 0.95 that waits come to on average. */
const SECONDS_BETWEEN_CHECKS = 4.75;

/** One row of the result each. */
function policies(servers: Servers): [string, Dependencies][] {
  const typeOf = (dependency: Dependencies[number]) =>
    Object.keys(dependency).find((field) => field !== "name") ?? "";
  const alone = (dependencies: Dependencies, how: string) =>
    dependencies.map((one): [string, Dependencies] => [`${typeOf(one)}, ${how}`, [one]]);
  return [
    ...alone([...withoutTls(servers), ...inClear(servers)], "in clear"),
    ...alone(encrypted(servers), "TLS"),
    ["all types, TLS where they have it", [...encrypted(servers), ...withoutTls(servers)]],
  ];
}

async function start(
  folder: string,
  bundled: string,
  dependencies: Dependencies,
): Promise<Program> {
  writeMounted(folder, dependencies);
  const state = join(folder, "state");
  mkdirSync(state);
  const { flags, env } = imageFlags();
  const port = await freePort();
  const settings = sidecarEnvironment({ port, mounted: folder, state });
  return startProgram({ args: [...flags, bundled], env: { ...env, ...settings }, port });
}

async function main(): Promise<void> {
  const { values } = parseArgs({ options: { minutes: { type: "string", default: "10" } } });
  const folder = mkdtempSync(join(tmpdir(), "healthpolicy-bench-"));
  const bundled = join(folder, "sidecar.cjs");
  await bundle("operator/cmd/sidecar.ts", bundled);
  const { servers, stop } = await startServers();
  const programs: [string, Program][] = [];
  try {
    for (const [index, [name, dependencies]] of policies(servers).entries()) {
      // It is ready once every check has succeeded.
      programs.push([name, await start(join(folder, String(index)), bundled, dependencies)]);
    }
    await sleep(WARM_UP_SECONDS * 1_000);
    const before = programs.map(([, program]) => program.cpuMilliseconds());
    const seconds = Number(values.minutes) * 60;
    await sleep(seconds * 1_000);
    console.log(
      "\n| policy | of its own, MiB | with its share of common pages, MiB | CPU of a round, ms | ready |\n|---|---|---|---|---|",
    );
    for (const [index, [name, program]] of programs.entries()) {
      const { anonymous, proportional } = program.memory();
      const cpu = program.cpuMilliseconds() - (before[index] ?? 0);
      const figures = [anonymous, proportional, (cpu / seconds) * SECONDS_BETWEEN_CHECKS];
      const ready = (await program.probe()) === 200 ? "yes" : "no";
      console.log(`| ${[name, ...figures.map((one) => one.toFixed(1)), ready].join(" | ")} |`);
    }
  } finally {
    await Promise.all(programs.map(([, program]) => program.stop()));
    await stop();
    rmSync(folder, { recursive: true });
  }
}

await main();
