/** The sidecar as its image runs it: one bundle, and the flags of the Dockerfile. */
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { build } from "esbuild";

const ROOT = join(import.meta.dirname, "../..");

/** The flags that stand in the image, read from the Dockerfile so that they cannot differ. */
export function imageFlags(image: "sidecar" | "operator" = "sidecar"): {
  flags: string[];
  env: Record<string, string>;
} {
  const [, stage = ""] = readFileSync(join(ROOT, "Dockerfile"), "utf8").split(
    `FROM node AS ${image}`,
  );
  const [own = ""] = stage.split("\nFROM ");
  const entrypoint = JSON.parse(/^ENTRYPOINT (\[.*\])$/m.exec(own)?.[1] ?? "[]") as string[];
  const variables = /^ENV (.*)$/m.exec(own)?.[1]?.split(" ") ?? [];
  return {
    flags: entrypoint.slice(1, -1),
    env: Object.fromEntries(variables.map((variable) => variable.split("="))),
  };
}

/** Bundles a program as the image has it. */
export async function bundle(entry: string, outfile: string): Promise<void> {
  await build({
    entryPoints: [join(ROOT, entry)],
    outfile,
    bundle: true,
    platform: "node",
    target: "node24",
    format: "cjs",
    external: ["pg-native"],
    keepNames: true,
    logLevel: "warning",
  });
}
