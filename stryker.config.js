import { parts } from "./test/mutants/parts.ts";
import { suitesOf } from "./test/mutants/suites.ts";

/**
 * One part of `make mutants` (test/mutants/parts.ts): Stryker changes one operator, condition or call at a time and
 * runs the part's tests that reach it. A mutant that no test notices is a decision that nothing holds.
 */
const name = process.env.PART ?? "";
const part = parts[name];
if (part === undefined) {
  throw new Error(`PART must be one of ${Object.keys(parts).join(", ")}; make mutants sets it`);
}

export default {
  mutate: part.mutate,
  // Texts are held by golden files, schema walks and whole-message tests; mutants of them are a fifth of all.
  mutator: { excludedMutations: ["StringLiteral"] },
  // A mutant of what runs while files are loaded needs all the part's tests.
  ignoreStatic: part.slow,
  testRunner: "jest",
  testRunnerNodeArgs: ["--experimental-vm-modules", "--disable-warning=ExperimentalWarning"],
  jest: {
    configFile: "jest.config.js",
    // Stryker's counting of what each test reaches needs Jest's own loading of modules, anew for each run.
    config: {
      testRunner: "jest-circus/runner",
      extensionsToTreatAsEsm: [".ts"],
      transform: {
        "^.+\\.ts$": [
          "@swc/jest",
          { jsc: { parser: { syntax: "typescript" }, target: "es2024" }, module: { type: "es6" } },
        ],
      },
      // With Jest's limit of 5 seconds a test that is slow on a busy machine would count as a mutant noticed.
      testTimeout: 12_000,
      testMatch: suitesOf(name, part.tests).map((path) => `<rootDir>/${path}`),
      roots: ["<rootDir>/operator", "<rootDir>/test/mutants"],
      maxWorkers: 1,
    },
    // Working out the related tests takes longer than running them all.
    enableFindRelatedTests: false,
  },
  coverageAnalysis: "perTest",
  // TypeScript 7 has no JavaScript API for Stryker to read a tsconfig.json with; swc needs none.
  tsconfigFile: "no-tsconfig.json",
  disableTypeChecks: false,
  ignorePatterns: ["dist", ".tools", "test/e2e", "chart"],
  tempDirName: `.tools/mutants/${name}`,
  reporters: ["progress-append-only", "json"],
  jsonReporter: { fileName: `.tools/results/mutants-${name}.json` },
  concurrency: part.slow ? 4 : 3,
  // Each run of tests leaves about 25 MB in its process that Node does not give back.
  maxTestRunnerReuse: 40,
  timeoutMS: 40_000,
  warnings: { slow: false },
};
