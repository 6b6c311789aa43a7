/** The room that all `tls.caSecret` have together, as policies come into force one after the other. */
import { mkdir, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { afterEach, beforeEach, jest, test } from "@jest/globals";
import { secretKeyPath } from "../api/names.ts";
import type { DependencyConfig } from "../api/policy-file.ts";
import { untilEqual } from "./testing/sidecar-program.ts";
import { createSidecarScene, type SidecarScene } from "./testing/sidecar-scene.ts";

// Three policies one after the other, each for one round of checks or two.
jest.setTimeout(120_000);

let scene: SidecarScene;
beforeEach(async () => {
  scene = await createSidecarScene();
});
afterEach(() => scene.close());

const trusting = (key: string): DependencyConfig => ({
  name: key,
  type: "redis",
  impact: "Gate",
  redis: {
    host: "127.0.0.1",
    port: 1,
    tls: { mode: "VerifyFull", caSecret: { secretName: "ca", key } },
  },
});

test("what a policy names no more makes room for what it names", async () => {
  const keys = ["a", "b", "c"];
  await mkdir(join(scene.configPath, secretKeyPath("ca", "a"), ".."), { recursive: true });
  for (const key of keys) {
    // Nothing to trust, which counts too.
    await writeFile(join(scene.configPath, secretKeyPath("ca", key)), key.repeat(290 * 1_024));
  }
  const mounted = keys.map((key) => `ca/${key}`);
  const program = await scene.start(undefined, undefined, mounted);
  const untilSaid = (text: string) => untilEqual(() => program.output().includes(text), true);
  await scene.writePolicy(["a", "b"].map(trusting), { generation: 1 });
  for (const key of ["a", "b"])
    await untilSaid(`dependency ${key}: the value of tls.caSecret holds no certificate`);
  await scene.writePolicy(keys.map(trusting), { generation: 2 });
  await untilSaid("dependency c: all tls.caSecret together have more than 768 KiB");
  await scene.writePolicy(["b", "c"].map(trusting), { generation: 3 });
  await untilSaid("dependency c: the value of tls.caSecret holds no certificate");
});
