/** The program says when its CPU limit holds it up; what the kernel says of that is made up here. */
import { writeFile } from "node:fs/promises";
import { join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { afterEach, beforeEach, expect, jest, test } from "@jest/globals";
import { bundleSidecar, flagsOfTheImage, get, untilEqual } from "./testing/sidecar-program.ts";
import { cache, createSidecarScene, type SidecarScene } from "./testing/sidecar-scene.ts";

// The program looks back on ten seconds; a child process alone takes a second to start on a busy machine.
jest.setTimeout(90_000);

/** Half of all the time that the program has run. */
const KERNEL = `const fs = require("node:fs");
const { readFileSync } = fs;
fs.readFileSync = (path, ...more) =>
  path === "/sys/fs/cgroup/cpu.stat"
    ? \`throttled_usec \${Math.round(performance.now() * 500)}\\n\`
    : readFileSync(path, ...more);`;

let scene: SidecarScene;

beforeEach(async () => {
  scene = await createSidecarScene();
});
afterEach(() => scene.close());

test("held up for half of its time, it has a line in its log and a metric", async () => {
  const outfile = join(scene.directory, "sidecar.cjs");
  await bundleSidecar(outfile);
  const kernel = join(scene.directory, "kernel.cjs");
  await writeFile(kernel, KERNEL);
  const server = await scene.startMemcached();
  await scene.writePolicy([cache(server.port)]);
  const program = await scene.start(outfile, [...(await flagsOfTheImage()), "--require", kernel]);
  expect(await get(program, "/metrics")).toMatch(
    /_sidecar_cpu_throttled_seconds_total \d+(\.\d+)?$/m,
  );

  await sleep(10_000);
  await untilEqual(
    async () => /"sidecar throttled","percent":(4|5)\d,/.test(program.output()),
    true,
  );
});
