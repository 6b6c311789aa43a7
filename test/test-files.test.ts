import { globSync } from "node:fs";
import { join } from "node:path";
import { expect, test } from "@jest/globals";
import { type TestStepName, testFiles } from "./test-files.ts";

const ROOT = join(import.meta.dirname, "..");
const NOT_OURS = ["node_modules", ".git", ".tools", "dist", "coverage"];

const CONFIGURATIONS: [TestStepName, string][] = [
  ["unit", "jest.config.js"],
  ["slow", "jest.slow.config.js"],
  ["e2e", "jest.e2e.config.js"],
  ["disruptive", "jest.disruptive.config.js"],
];

/** The absolute paths of what Jest runs with a configuration. */
async function runWith(configuration: string): Promise<string[]> {
  const { testMatch, testPathIgnorePatterns } = (await import(join(ROOT, configuration))).default;
  const patterns: string[] = testMatch.map((pattern: string) => pattern.replace("<rootDir>/", ""));
  return globSync(patterns, { cwd: ROOT })
    .map((path) => join(ROOT, path))
    .filter((path) => !testPathIgnorePatterns.some((not: string) => new RegExp(not).test(path)))
    .toSorted();
}

test.each(CONFIGURATIONS)("the step %s must report what %s runs", async (step, configuration) => {
  const files = await runWith(configuration);
  expect(files.length).toBeGreaterThan(1);
  expect(testFiles(ROOT, step)).toStrictEqual(files);
});

test("each test file is run in exactly one step", async () => {
  const all = globSync("**/*.test.ts", { cwd: ROOT, exclude: (name) => NOT_OURS.includes(name) });
  const steps = await Promise.all(CONFIGURATIONS.map(([, name]) => runWith(name)));
  expect(steps.flat().toSorted()).toStrictEqual(all.map((path) => join(ROOT, path)).toSorted());
});
