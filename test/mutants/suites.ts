/** Which files Jest runs for a part. */
import { globSync, mkdirSync, readFileSync, writeFileSync } from "node:fs";
import { join, relative } from "node:path";

const ROOT = join(import.meta.dirname, "../..");
const GENERATED = "test/mutants/generated";

/** Hooks outside of any `describe`, which in a common file would be those of all others too. */
const HOOKS_OF_A_WHOLE_FILE = /^(before|after)(Each|All)\(/m;

/**
 * Writes one file that imports the tests of a part, and gives its path and those of the tests that need a file of
 * their own. Jest sets up each file anew, which for a hundred small tests takes longer than to run them.
 */
export function suitesOf(part: string, patterns: readonly string[]): string[] {
  const tests = globSync(patterns, { cwd: ROOT }).toSorted();
  const alone = tests.filter((path) =>
    HOOKS_OF_A_WHOLE_FILE.test(readFileSync(join(ROOT, path), "utf8")),
  );
  const together = tests.filter((path) => !alone.includes(path));
  if (together.length === 0) return alone;
  const imports = together.map((path) => `import "${relative(GENERATED, path)}";\n`);
  mkdirSync(join(ROOT, GENERATED), { recursive: true });
  // Not `.test.ts`: `make test` would miss its report.
  const suite = `${GENERATED}/${part}.suite.ts`;
  writeFileSync(join(ROOT, suite), imports.join(""));
  return [suite, ...alone];
}
