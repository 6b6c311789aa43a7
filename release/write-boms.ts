/** Writes a bill of materials beside each bundle that goes into an image. Run by `make bundle`, after esbuild. */
import { spawnSync } from "node:child_process";
import { readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { type Bom, bundleBom } from "./bundle-bom.ts";

const ROOT = join(import.meta.dirname, "..");
/** Usually half a second. */
const NPM_DEADLINE_MILLISECONDS = 60_000;
/** All 690 packages take 400 kB. */
const NPM_BYTES = 16 * 1024 * 1024;

const readJson = (path: string) => JSON.parse(readFileSync(join(ROOT, path), "utf8"));

function npmBom(): Bom {
  const npm = spawnSync("npm", ["sbom", "--sbom-format", "cyclonedx", "--package-lock-only"], {
    cwd: ROOT,
    encoding: "utf8",
    timeout: NPM_DEADLINE_MILLISECONDS,
    maxBuffer: NPM_BYTES,
  });
  if (npm.status !== 0) throw new Error(`npm sbom failed: ${npm.stderr || npm.error}`);
  return JSON.parse(npm.stdout);
}

const everything = npmBom();
const { packages: locked } = readJson("package-lock.json");
for (const program of process.argv.slice(2)) {
  const inputs = Object.keys(readJson(`dist/${program}.meta.json`).inputs);
  const bom = bundleBom({ program, everything, inputs, locked });
  writeFileSync(join(ROOT, `dist/${program}.cdx.json`), `${JSON.stringify(bom, null, 2)}\n`);
}
