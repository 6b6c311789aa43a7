/** What npm installs is what was looked at: packages by name in allowed-packages.txt, their content by its hash. */
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { expect, test } from "@jest/globals";

const read = (path: string) => readFileSync(join(import.meta.dirname, "..", path), "utf8");

interface LockedPackage {
  /** The name in the registry, where the folder has another one. */
  name?: string;
  integrity?: string;
  resolved?: string;
  link?: boolean;
}
const { packages } = JSON.parse(read("package-lock.json")) as {
  packages: Record<string, LockedPackage>;
};
const locked = Object.entries(packages).filter(([path]) => path !== "");
const nameOf = ([path, { name }]: [string, LockedPackage]) =>
  name ?? path.slice(path.lastIndexOf("node_modules/") + "node_modules/".length);
const allowed = read("allowed-packages.txt")
  .trimEnd()
  .split("\n")
  .filter((line) => !line.startsWith("#"));

test("every package is one that somebody has allowed, and none that is allowed is gone", () => {
  // The same order on every machine, whatever its language.
  const inLockfile = [...new Set(locked.map(nameOf))].sort();
  expect(inLockfile.filter((name) => !allowed.includes(name))).toEqual([]);
  expect(allowed).toEqual(inLockfile);
});

test("every package has the hash of its content, also those of other systems", () => {
  const without = locked.filter(
    ([, entry]) => !/^sha512-[\w+/]{86}==$/.test(entry.integrity ?? ""),
  );
  expect(without.map(([path]) => path)).toEqual([]);
});

test("every package comes from the registry: neither from Git, an address or a folder", () => {
  const manifest = JSON.parse(read("package.json"));
  const wanted = Object.entries<string>({
    ...manifest.dependencies,
    ...manifest.devDependencies,
    ...manifest.optionalDependencies,
  });
  expect(wanted.length).toBeGreaterThan(10);
  expect(wanted.filter(([, range]) => !/^\^?\d+\.\d+\.\d+$/.test(range))).toEqual([]);
  expect(locked.filter(([, entry]) => entry.link || entry.resolved).map(([path]) => path)).toEqual(
    [],
  );
});

test("no package runs a script of its own while it is installed", () => {
  expect(read(".npmrc")).toMatch(/^ignore-scripts=true$/m);
  // Said once more where a folder's .npmrc may not count.
  expect(read("test/setup/dependencies.mjs")).toContain('["ci", "--ignore-scripts"');
});
