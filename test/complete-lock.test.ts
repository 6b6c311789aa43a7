/** The script that keeps package-lock.json fit for every system and registry, run on a lockfile of its own. */
import { spawnSync } from "node:child_process";
import { cpSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, expect, test } from "@jest/globals";

const SCRIPT = "test/setup/complete-lock.mjs";
const COMPLETE = {
  "": { optionalDependencies: { "tool-linux-x64": "1.2.3" } },
  "node_modules/other": { version: "2.0.0", integrity: "sha512-abc" },
  "node_modules/tool-linux-x64": { version: "1.2.3", os: ["linux"], cpu: ["x64"], optional: true },
};

let root: string;
beforeEach(() => {
  root = mkdtempSync(join(tmpdir(), "lock-"));
  cpSync(join(import.meta.dirname, "..", SCRIPT), join(root, SCRIPT));
});
afterEach(() => rmSync(root, { recursive: true }));

const lockfile = () => join(root, "package-lock.json");
const write = (packages: object) => writeFileSync(lockfile(), JSON.stringify({ packages }));
const packages = () => JSON.parse(readFileSync(lockfile(), "utf8")).packages;
const run = (...parameters: string[]) => {
  const { status, stderr } = spawnSync(process.execPath, [join(root, SCRIPT), ...parameters], {
    encoding: "utf8",
    timeout: 20_000,
  });
  return { status, stderr };
};

test("nothing is said of a lockfile that is complete", () => {
  write(COMPLETE);
  expect(run("--check")).toStrictEqual({ status: 0, stderr: "" });
});

test("a lockfile that names a registry is refused, and mended", () => {
  const other = {
    ...COMPLETE["node_modules/other"],
    resolved: "https://registry.example/other-2.0.0.tgz",
  };
  write({ ...COMPLETE, "node_modules/other": other });
  const { status, stderr } = run("--check");
  expect(status).toBe(1);
  expect(stderr).toContain("says where node_modules/other was downloaded");
  expect(stderr).toContain("make generate");
  expect(run().status).toBe(0);
  expect(packages()).toStrictEqual(COMPLETE);
});

test("a binary of another system that is missing is refused, and added", () => {
  const { "node_modules/tool-linux-x64": _, ...rest } = COMPLETE;
  write(rest);
  const { status, stderr } = run("--check");
  expect(status).toBe(1);
  expect(stderr).toContain("lacks node_modules/tool-linux-x64");
  expect(run().status).toBe(0);
  expect(packages()).toStrictEqual(COMPLETE);
});
