// Completes package-lock.json. Where a package mirror lacks the binaries of other systems, npm writes a lockfile
// without them, which `npm ci` then refuses everywhere. Each such binary is an optional dependency with an exact
// version, and its name says for which system it is: that is all an entry needs to be installed by. The hash of its
// content comes from a registry that has it: test/lockfile.test.ts refuses an entry without one. And a lockfile names
// no registry, since everybody installs from another one.
// Use: complete-lock.mjs [--check]   with --check nothing is written, and what would be is an error
import { readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";

const FILE = join(import.meta.dirname, "../../package-lock.json");
const EXACT_VERSION = /^[0-9]+\.[0-9]+\.[0-9]+(-[0-9A-Za-z.-]+)?$/;
const SYSTEMS = "aix android darwin freebsd linux netbsd openbsd openharmony sunos win32".split(
  " ",
);
const PROCESSORS = "arm arm64 ia32 loong64 mips64el ppc64 riscv64 s390x x64 wasm32 ppc64le".split(
  " ",
);

// @biomejs/cli-linux-x64-musl -> { os: ["linux"], cpu: ["x64"], libc: ["musl"] }
function platformOf(name) {
  const words = name.split(/[/-]/);
  const os = words.filter((word) => SYSTEMS.includes(word));
  const cpu = words
    .filter((word) => PROCESSORS.includes(word))
    .map((word) => word.replace("le", ""));
  const libc = words.filter((word) => word === "musl");
  const glibc = words.includes("gnu") && os.includes("linux") ? ["glibc"] : [];
  const all = { os, cpu, libc: [...libc, ...glibc] };
  return Object.fromEntries(Object.entries(all).filter(([, values]) => values.length > 0));
}

function missingEntries(packages) {
  const wanted = Object.values(packages).flatMap((entry) =>
    Object.entries(entry.optionalDependencies ?? {}),
  );
  return wanted
    .filter(([name, version]) => EXACT_VERSION.test(version) && !packages[`node_modules/${name}`])
    .map(([name, version]) => [
      `node_modules/${name}`,
      { version, ...platformOf(name), optional: true },
    ]);
}

// Where a package was downloaded from; .npmrc keeps npm from writing it.
function withoutOrigin({ resolved, ...entry }) {
  return entry;
}

const lock = JSON.parse(readFileSync(FILE, "utf8"));
const checkOnly = process.argv.includes("--check");
const located = Object.keys(lock.packages).filter((path) => lock.packages[path].resolved);
const missing = missingEntries(lock.packages);
const unplaced = missing.filter(([, { os, cpu }]) => !os && !cpu).map(([path]) => path);
if (unplaced.length > 0) {
  console.error(`The lockfile lacks ${unplaced.join(", ")}, whose names do not say a system.`);
  process.exit(1);
}
const problems = [
  ...missing.map(([path]) => `package-lock.json lacks ${path}.`),
  ...located.map((path) => `package-lock.json says where ${path} was downloaded ("resolved").`),
];
if (problems.length > 0 && checkOnly) {
  console.error([...problems, "Run `make generate` and commit the result."].join("\n"));
  process.exit(1);
}
if (problems.length > 0) {
  const kept = Object.entries(lock.packages).map(([path, entry]) => [path, withoutOrigin(entry)]);
  const entries = [...kept, ...missing];
  entries.sort(([a], [b]) => (a < b ? -1 : 1));
  writeFileSync(
    FILE,
    `${JSON.stringify({ ...lock, packages: Object.fromEntries(entries) }, null, 2)}\n`,
  );
  console.log(
    `package-lock.json: added ${missing.length} packages of other systems, removed ${located.length} origins`,
  );
  if (missing.length > 0) {
    console.log("What was added has no hash yet. `npm install --package-lock-only` writes them:");
    console.log("run it with a registry that has these packages, before you commit.");
  }
}
