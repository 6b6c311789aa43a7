// Installs what package-lock.json names, when what is installed differs; touches nothing otherwise.
// Runs on any Node that brings npm: the pinned Node 24 is itself one of the packages.
import { spawnSync } from "node:child_process";
import { existsSync, readFileSync } from "node:fs";
import { join } from "node:path";

const ROOT = join(import.meta.dirname ?? new URL(".", import.meta.url).pathname, "../..");
const INSTALL_DEADLINE_MILLISECONDS = 10 * 60_000;

// npm writes the second file at the very end of an installation, so a broken one does not have it.
function packagesOf(path) {
  const file = join(ROOT, path);
  return existsSync(file) ? JSON.parse(readFileSync(file, "utf8")).packages : undefined;
}

const admits = (list, value) => list === undefined || list.includes(value);

// Packages of other systems stand in the lockfile too and are rightly absent here.
function isForThisMachine(entry) {
  return admits(entry.os, process.platform) && admits(entry.cpu, process.arch);
}

function mustBeInstalled(entry) {
  const forOneSystem =
    entry.os !== undefined && entry.cpu !== undefined && entry.libc === undefined;
  return entry.optional ? forOneSystem && isForThisMachine(entry) : true;
}

function firstDifference(locked, installed) {
  for (const [path, entry] of Object.entries(locked)) {
    if (path === "") continue;
    const found = installed[path];
    if (found ? found.version !== entry.version : mustBeInstalled(entry)) return path;
  }
  return Object.keys(installed).find((path) => locked[path] === undefined);
}

const locked = packagesOf("package-lock.json");
const installed = packagesOf("node_modules/.package-lock.json");
const difference = installed ? firstDifference(locked, installed) : "node_modules";
if (difference !== undefined) {
  console.log(
    `==> npm: installing what package-lock.json names (usually 25 s); ${difference} is not as locked`,
  );
  // Its warnings are of the Node that npm itself runs on, some 400 lines; nothing else here runs on that one.
  const quietly = "--loglevel=error";
  const npm = spawnSync("npm", ["ci", "--ignore-scripts", "--no-audit", "--no-fund", quietly], {
    cwd: ROOT,
    stdio: ["ignore", "inherit", "inherit"],
    timeout: INSTALL_DEADLINE_MILLISECONDS,
  });
  if (npm.status !== 0) {
    console.error("npm ci failed: see above.");
    process.exit(1);
  }
}
