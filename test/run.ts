/**
 * `make test`: runs every step in order, prints how long each took, and ends with the line
 * `N passed, N failed`. The exit status is 0 only when nothing failed.
 */
import { mkdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { countRun, type JestReport, lastLine, type StepResult } from "./count.ts";
import { onSignalsEndSteps, runStep } from "./run-step.ts";
import { type TestStepName, testFiles } from "./test-files.ts";

const ROOT = join(import.meta.dirname, "..");
const RESULTS = join(ROOT, ".tools/results");
const DIAGNOSTICS = join(ROOT, ".tools/logs/diagnostics.log");
const DIAGNOSTICS_TAIL_LINES = 80;
const MINUTE = 60_000;

/** Milliseconds after which a step counts as hung: several times what it takes on two cores. */
const DEADLINES = {
  check: 5 * MINUTE,
  unit: 10 * MINUTE,
  slow: 10 * MINUTE,
  cluster: 60 * MINUTE,
  e2e: 30 * MINUTE,
  diagnostics: 2 * MINUTE,
};

const env = {
  ...process.env,
  PATH: `${join(ROOT, ".tools/bin")}:${process.env.PATH}`,
  KUBECONFIG: join(ROOT, ".tools/kubeconfig"),
};

const run = (command: readonly string[], deadline: number) =>
  runStep(command, { deadline, cwd: ROOT, env });

/** Says what is done, does it, and says how long it took. */
async function timed<T>(name: string, work: () => Promise<T>): Promise<T> {
  console.log(`\n=== ${name}`);
  const started = performance.now();
  const result = await work();
  console.log(`=== ${name}: ${Math.round((performance.now() - started) / 1_000)} s`);
  return result;
}

function plainStep(name: string, target: string, deadline: number): Promise<StepResult> {
  return timed(name, async () => ({ name, succeeded: await run(["make", target], deadline) }));
}

function readReport(file: string): JestReport | null {
  try {
    return JSON.parse(readFileSync(file, "utf8")) as JestReport;
  } catch {
    return null; // counted as a step that left no report
  }
}

interface TestStep {
  step: TestStepName;
  name: string;
  config: string;
  deadline: number;
}

function testStep({ step, name, config, deadline }: TestStep): Promise<StepResult> {
  return timed(name, async () => {
    const output = join(RESULTS, `${step}.json`);
    const jest = [
      "node",
      "--experimental-vm-modules",
      "--disable-warning=ExperimentalWarning",
      join(ROOT, "node_modules/jest/bin/jest.js"),
      "--json",
      `--outputFile=${output}`,
      `--config=${config}`,
    ];
    const succeeded = await run(jest, deadline);
    const mustReport = testFiles(ROOT, step);
    return { name, succeeded, report: readReport(output), mustReport };
  });
}

async function endToEnd(): Promise<StepResult[]> {
  const together = await testStep({
    step: "e2e",
    name: "end-to-end tests",
    config: "jest.e2e.config.js",
    deadline: DEADLINES.e2e,
  });
  const oneByOne = await testStep({
    step: "disruptive",
    name: "end-to-end tests that take the operator away",
    config: "jest.disruptive.config.js",
    deadline: DEADLINES.e2e,
  });
  return [together, oneByOne];
}

/** What end-to-end tests count as when there is no cluster to run them in: none has reported. */
function endToEndMissing(): StepResult {
  const mustReport = [...testFiles(ROOT, "e2e"), ...testFiles(ROOT, "disruptive")];
  return { name: "end-to-end tests", succeeded: false, report: null, mustReport };
}

async function printDiagnostics(): Promise<void> {
  await run(["test/e2e/cluster/diagnostics.sh", DIAGNOSTICS], DEADLINES.diagnostics);
  try {
    const lines = readFileSync(DIAGNOSTICS, "utf8").split("\n");
    console.log(lines.slice(-DIAGNOSTICS_TAIL_LINES).join("\n"));
  } catch {
    console.log("no diagnostics could be collected");
  }
}

/** The tests that need no cluster. */
function withoutCluster(): Promise<StepResult[]> {
  const unit = testStep({
    step: "unit",
    name: "unit, golden and chart tests",
    config: "jest.config.js",
    deadline: DEADLINES.unit,
  });
  // At the same time, because they wait for most of it.
  const slow = testStep({
    step: "slow",
    name: "slow tests",
    config: "jest.slow.config.js",
    deadline: DEADLINES.slow,
  });
  return Promise.all([unit, slow]);
}

async function runSteps(ci: boolean): Promise<StepResult[]> {
  const steps = [
    await plainStep("lint", "lint", DEADLINES.check),
    await plainStep("types", "types", DEADLINES.check),
    await plainStep("generated files", "verify", DEADLINES.check),
    ...(await withoutCluster()),
  ];
  const cluster = await plainStep("cluster", "cluster", DEADLINES.cluster);
  const e2e = cluster.succeeded ? await endToEnd() : [endToEndMissing()];
  if (countRun([cluster, ...e2e], ci).failed > 0) await timed("diagnostics", printDiagnostics);
  return [...steps, cluster, ...e2e];
}

onSignalsEndSteps();
rmSync(RESULTS, { recursive: true, force: true });
mkdirSync(RESULTS, { recursive: true });
const ci = process.env.CI === "true";
const count = countRun(await runSteps(ci), ci);
console.log("");
for (const problem of count.problems) console.log(`FAILED ${problem}`);
process.exitCode = count.failed === 0 ? 0 : 1;
writeFileSync(join(RESULTS, "last-line"), `${lastLine(count)}\n`); // for .ci/run
console.log(lastLine(count));
