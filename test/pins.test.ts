/** What comes from elsewhere into images and workflows is named by what it holds: a tag can be moved. */
import { createHash } from "node:crypto";
import { createReadStream, globSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { pipeline } from "node:stream/promises";
import { describe, expect, test } from "@jest/globals";

const ROOT = join(import.meta.dirname, "..");
const NOT_OURS = ["node_modules", ".git", ".tools", "dist"];
const files = (pattern: string) =>
  globSync(pattern, { cwd: ROOT, exclude: (name) => NOT_OURS.includes(name) }).sort();
const read = (path: string) => readFileSync(join(ROOT, path), "utf8");
const matches = (text: string, pattern: RegExp) =>
  [...text.matchAll(pattern)].map((match) => match[1] ?? match[0]);

const DIGEST = /^[\w./-]+:[\w.-]+@sha256:[0-9a-f]{64}$/;

describe.each(files("**/Dockerfile"))("%s", (path) => {
  const text = read(path);
  const stages = matches(text, /^FROM \S+ AS (\S+)$/gm);
  const images = [
    ...matches(text, /^FROM (\S+)/gm).filter((from) => !from.startsWith("$")),
    // Arguments that name an image; make passes the images that it has built.
    ...matches(text, /^ARG (?:BASE|NODE_IMAGE|ROOTFS)=(\S+)$/gm),
  ].filter((image) => image !== "scratch" && !stages.includes(image));

  test("names images by digest", () => {
    for (const image of images) expect(image).toMatch(DIGEST);
  });
});

test("the images that are pulled for the tests are named by digest, the base as in the Dockerfiles", () => {
  const pulled = matches(read("test/e2e/cluster/settings.sh"), /^pulled_\w+_image=(\S+)$/gm);
  expect(pulled).toHaveLength(2);
  for (const image of pulled) expect(image).toMatch(DIGEST);
  const bases = files("**/Dockerfile").flatMap((path) => matches(read(path), /^ARG BASE=(\S+)$/gm));
  expect(bases.length).toBeGreaterThan(2);
  for (const base of bases) expect(pulled).toContain(base);
});

test("actions are named by commit, with their version beside it", () => {
  const uses = files(".github/workflows/*.yml").flatMap((path) =>
    matches(read(path), /^\s*-?\s*uses: (.*)$/gm),
  );
  expect(uses.length).toBeGreaterThan(0);
  for (const use of uses) expect(use).toMatch(/^[\w-]+(\/[\w-]+)+@[0-9a-f]{40} # v\d+\.\d+\.\d+$/);
});

describe("node.sha256", () => {
  const sums = new Map(
    matches(read("node.sha256"), /^[0-9a-f]{64} {2}\S+$/gm).map((line) => {
      const [sum = "", path = ""] = line.split("  ");
      return [path, sum] as const;
    }),
  );

  test("is about the version in the lockfile, for each machine that it has one for", () => {
    const { packages } = JSON.parse(read("package-lock.json")) as {
      packages: Record<string, { version: string }>;
    };
    const locked = Object.entries(packages).filter(([path]) => path.includes("/node-linux-"));
    expect([...sums.keys()].sort()).toStrictEqual(
      locked.map(([path]) => `${path}/bin/node`).sort(),
    );
    for (const [, { version }] of locked) expect(read("node.sha256")).toContain(` ${version},`);
  });

  test("has the sum of the node that runs here", async () => {
    const path = `node_modules/node-linux-${process.arch}/bin/node`;
    const hash = createHash("sha256");
    await pipeline(createReadStream(join(ROOT, path)), hash);
    expect(sums.get(path)).toBe(hash.digest("hex"));
    // 120 MB, on a machine that may be busy.
  }, 60_000);
});
