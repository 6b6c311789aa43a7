/** Which step of `make test` runs which test files, told by their path alone. */
import { globSync } from "node:fs";
import { join } from "node:path";

/** Where test files may be; a test fails where one is elsewhere. */
const EVERYWHERE = "{operator,bench,chart,examples,release,test}/**/*.test.ts";
const END_TO_END = "test/e2e/";
const DISRUPTIVE = "test/e2e/disruptive/";

/** The steps that run test files. */
export type TestStepName = "unit" | "slow" | "e2e" | "disruptive";

/** The one step that runs a test file; its path is relative to the root. */
function stepOf(path: string): TestStepName {
  if (path.startsWith(DISRUPTIVE)) return "disruptive";
  if (path.startsWith(END_TO_END)) return "e2e";
  return path.endsWith(".slow.test.ts") ? "slow" : "unit";
}

/** The absolute paths of the files that a step must report. */
export function testFiles(root: string, step: TestStepName): string[] {
  return globSync(EVERYWHERE, { cwd: root })
    .filter((path) => stepOf(path) === step)
    .toSorted()
    .map((path) => join(root, path));
}
