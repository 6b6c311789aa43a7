/**
 * For developers: writes what is made from operator/api. With --check it writes nothing and
 * fails when a file differs from what would be written.
 */
import { mkdirSync, readFileSync, writeFileSync } from "node:fs";
import { dirname, join } from "node:path";
import { parseArgs } from "node:util";
import { generatedFiles } from "../api/generated-files.ts";

const ROOT = join(import.meta.dirname, "../..");

function read(path: string): string | undefined {
  try {
    return readFileSync(join(ROOT, path), "utf8");
  } catch {
    return undefined;
  }
}

function write(path: string, content: string): void {
  mkdirSync(dirname(join(ROOT, path)), { recursive: true });
  writeFileSync(join(ROOT, path), content);
  console.log(`wrote ${path}`);
}

const { values } = parseArgs({
  options: { check: { type: "boolean" }, help: { type: "boolean" } },
});
if (values.help) {
  console.log("generate.ts [--check]   writes the generated files, or with --check fails on drift");
  process.exit(0);
}

const drifted = Object.entries(generatedFiles()).filter(
  ([path, content]) => read(path) !== content,
);
if (!values.check) {
  for (const [path, content] of drifted) write(path, content);
} else if (drifted.length > 0) {
  for (const [path] of drifted) console.error(`${path} differs from what operator/api gives`);
  console.error("Run `make generate` and commit the result.");
  process.exit(1);
}
