/** The program says when it is without CPU; what the kernel says of that is made up here. */
import { writeFile } from "node:fs/promises";
import { join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { afterEach, beforeEach, expect, jest, test } from "@jest/globals";
import { bundleSidecar, flagsOfTheImage, get, untilEqual } from "./testing/sidecar-program.ts";
import { cache, createSidecarScene, type SidecarScene } from "./testing/sidecar-scene.ts";

// The program looks back on ten seconds; a child process alone takes a second to start on a busy machine.
jest.setTimeout(90_000);

/** A kernel whose `file` says `expression`; `half()` are half of the milliseconds that the program has run. */
const kernel = (file: string, expression: string) => `const fs = require("node:fs");
const { readFileSync } = fs;
const half = () => Math.round(performance.now() / 2);
fs.readFileSync = (path, ...more) =>
  path === "${file}" ? ${expression} : readFileSync(path, ...more);`;

const THROTTLED = kernel("/sys/fs/cgroup/cpu.stat", '"throttled_usec " + half() * 1e3');
const WAITING = kernel("/proc/self/schedstat", '"1 " + half() * 1e6 + " 1"');

let scene: SidecarScene;

beforeEach(async () => {
  scene = await createSidecarScene();
});
afterEach(() => scene.close());

test.each([
  ["held up by its limit", THROTTLED, "throttled", "sidecar throttled"],
  ["waiting for a CPU", WAITING, "wait", "sidecar waits for CPU"],
])(
  "%s for half of its time, it has a line in its log and a metric",
  async (_, kernelText, metric, line) => {
    const outfile = join(scene.directory, "sidecar.cjs");
    await bundleSidecar(outfile);
    const preload = join(scene.directory, "kernel.cjs");
    await writeFile(preload, kernelText);
    const server = await scene.startMemcached();
    await scene.writePolicy([cache(server.port)]);
    const flags = [...(await flagsOfTheImage()), "--require", preload];
    const program = await scene.start(outfile, flags);
    expect(await get(program, "/metrics")).toMatch(
      new RegExp(`_sidecar_cpu_${metric}_seconds_total \\d+(\\.\\d+)?$`, "m"),
    );

    await sleep(10_000);
    const said = new RegExp(`"${line}","percent":(4|5)\\d,`);
    await untilEqual(async () => said.test(program.output()), true);
  },
);
