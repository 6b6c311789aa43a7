/**
 * `make test`: runs every step in order, prints how long each took, and ends with the line
 * `N passed, N failed`. The exit status is 0 only when nothing failed.
 */
import { existsSync, mkdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { basename, join } from "node:path";
import { FOREIGN_CONNECTIONS_FILE } from "./connections/foreign-connections-file.ts";
import { countRun, type JestReport, lastLine, type StepResult } from "./count.ts";
import { afterRepeat, filesToRepeat } from "./repeat.ts";
import { runQueue } from "./run-queue.ts";
import { onSignalsEndSteps, runStep } from "./run-step.ts";
import { type TestStepName, testFiles } from "./test-files.ts";

const ROOT = join(import.meta.dirname, "..");
const RESULTS = join(ROOT, ".tools/results");
const LOGS = join(ROOT, ".tools/logs");
const DIAGNOSTICS_TAIL_LINES = 80;
const MINUTE = 60_000;

/** Milliseconds after which a step counts as hung: several times what it takes on two cores. */
const DEADLINES = {
  check: 5 * MINUTE,
  unit: 10 * MINUTE,
  slow: 10 * MINUTE,
  cluster: 60 * MINUTE,
  e2e: 45 * MINUTE,
  disruptive: 15 * MINUTE, // one file
  diagnostics: 2 * MINUTE,
};

/** A test cluster, as test/e2e/cluster/env.sh prints it. */
interface Cluster {
  HEALTHPOLICY_TEST_CLUSTER: string;
  KUBECONFIG: string;
}
const { HEALTHPOLICY_TEST_CLUSTER, KUBECONFIG } = process.env;
if (!(HEALTHPOLICY_TEST_CLUSTER && KUBECONFIG)) throw new Error("start this by: make test");
const FIRST: Cluster = { HEALTHPOLICY_TEST_CLUSTER, KUBECONFIG };
/** What `make second-cluster` brings up beside it. */
const SECOND_NAME = `${HEALTHPOLICY_TEST_CLUSTER}-second`;
const SECOND: Cluster = {
  HEALTHPOLICY_TEST_CLUSTER: SECOND_NAME,
  KUBECONFIG: join(ROOT, `.tools/kubeconfig-${SECOND_NAME}`),
};

const run = (command: readonly string[], deadline: number, place: Cluster = FIRST) =>
  runStep(command, { deadline, cwd: ROOT, env: { ...process.env, ...place } });

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
  /** Absolute paths of the files to run; unset: all of the step. */
  files?: readonly string[];
  /** FIRST unless it is set. */
  place?: Cluster;
}

function runTests({ step, name, config, deadline, files, place }: TestStep): Promise<StepResult> {
  return timed(name, async () => {
    const output = join(RESULTS, `${name.replaceAll(/\W+/g, "-")}.json`);
    const jest = [
      "node",
      join(ROOT, "node_modules/jest/bin/jest.js"),
      "--json",
      `--outputFile=${output}`,
      `--config=${config}`,
      ...(files === undefined ? [] : ["--runInBand", "--runTestsByPath", ...files]),
    ];
    const succeeded = await run(jest, deadline, place);
    const mustReport = files ?? testFiles(ROOT, step);
    return { name, succeeded, report: readReport(output), mustReport };
  });
}

/** Runs test files, and those that failed once more, one after the other. */
async function testStep(step: TestStep): Promise<StepResult> {
  const first = await runTests(step);
  const files = filesToRepeat(first);
  if (files.length === 0 || existsSync(FOREIGN_CONNECTIONS_FILE)) return first;
  return afterRepeat(first, await runTests({ ...step, name: `${step.name} again`, files }));
}

/** The version of before is a commit. A clone without it, as one of the newest commit alone, leaves its test out. */
async function withoutMissingVersion(files: readonly string[]): Promise<string[]> {
  const check = ["test/e2e/cluster/previous-version.sh", "commit"];
  if (await run(check, DEADLINES.diagnostics)) return [...files];
  console.log("NOT RUN: test/e2e/disruptive/upgrade.test.ts");
  return files.filter((file) => basename(file) !== "upgrade.test.ts");
}

/** Those that take the operator away: one after the other in each cluster. */
async function disruptive(places: Promise<Cluster | undefined>[]): Promise<StepResult[]> {
  const files = await withoutMissingVersion(testFiles(ROOT, "disruptive"));
  const results = await runQueue(places, files, (file, place) =>
    testStep({
      step: "disruptive",
      name: `${basename(file)} in ${place.HEALTHPOLICY_TEST_CLUSTER}`,
      config: "jest.disruptive.config.js",
      deadline: DEADLINES.disruptive,
      files: [file],
      place,
    }),
  );
  return results.map((result, index) => result ?? notRun(files[index] as string));
}

const notRun = (file: string): StepResult => ({
  name: basename(file),
  succeeded: false,
  report: null,
  mustReport: [file],
});

/**
 * First the tests that bear each other, which keep all cores busy; then those that do not and wait for much of their
 * time. With two clusters the second one comes up after the former, and joins the first one in the latter.
 */
async function endToEnd(clusters: number): Promise<StepResult[]> {
  const together = await testStep({
    step: "e2e",
    name: "end-to-end tests",
    config: "jest.e2e.config.js",
    deadline: DEADLINES.e2e,
  });
  const second =
    clusters === 2 ? [plainStep("second cluster", "second-cluster", DEADLINES.cluster)] : [];
  const oneByOne = await disruptive([
    Promise.resolve(FIRST),
    ...second.map((step) => step.then(({ succeeded }) => (succeeded ? SECOND : undefined))),
  ]);
  return [together, ...(await Promise.all(second)), ...oneByOne];
}

/** What end-to-end tests count as when there is no cluster to run them in: none has reported. */
function endToEndMissing(): StepResult {
  const mustReport = [...testFiles(ROOT, "e2e"), ...testFiles(ROOT, "disruptive")];
  return { name: "end-to-end tests", succeeded: false, report: null, mustReport };
}

async function printDiagnostics(place: Cluster): Promise<void> {
  const file = join(LOGS, `diagnostics-${place.HEALTHPOLICY_TEST_CLUSTER}.log`);
  await run(["test/e2e/cluster/diagnostics.sh", file], DEADLINES.diagnostics, place);
  try {
    const lines = readFileSync(file, "utf8").split("\n");
    console.log(lines.slice(-DIAGNOSTICS_TAIL_LINES).join("\n"));
  } catch {
    console.log("no diagnostics could be collected");
  }
}

/** The tests that need no cluster. */
async function withoutCluster(): Promise<StepResult[]> {
  const unit = await testStep({
    step: "unit",
    name: "unit, golden and chart tests",
    config: "jest.config.js",
    deadline: DEADLINES.unit,
  });
  // Afterwards: floods beside tests that keep all cores busy made both late.
  const slow = await testStep({
    step: "slow",
    name: "slow tests",
    config: "jest.slow.config.js",
    deadline: DEADLINES.slow,
  });
  return [unit, slow];
}

/** A cluster that nobody uses takes a fifth of a core all the same. */
function removeSecond(): Promise<boolean> {
  return timed("no second cluster", () =>
    run(["test/e2e/cluster/down.sh"], DEADLINES.diagnostics, SECOND),
  );
}

async function runSteps(ci: boolean, clusters: number): Promise<StepResult[]> {
  const steps = [
    await plainStep("lint", "lint", DEADLINES.check),
    await plainStep("types", "types", DEADLINES.check),
    await plainStep("generated files", "verify", DEADLINES.check),
    ...(await withoutCluster()),
  ];
  const first = await plainStep("cluster", "cluster", DEADLINES.cluster);
  // One of an earlier run that was ended, too.
  await removeSecond();
  const e2e = first.succeeded ? await endToEnd(clusters) : [endToEndMissing()];
  if (countRun([first, ...e2e], ci).failed > 0) {
    for (const place of [FIRST, SECOND].slice(0, clusters)) {
      await timed(`diagnostics of ${place.HEALTHPOLICY_TEST_CLUSTER}`, () =>
        printDiagnostics(place),
      );
    }
  }
  if (clusters === 2) await removeSecond();
  return [...steps, first, ...e2e];
}

onSignalsEndSteps();
rmSync(RESULTS, { recursive: true, force: true });
mkdirSync(RESULTS, { recursive: true });
const ci = process.env.CI === "true";
const clusters = process.env.CLUSTERS === "2" ? 2 : 1;
const count = countRun(await runSteps(ci, clusters), ci);
console.log("");
const told = (line: string) => line.replaceAll(`${ROOT}/`, "");
for (const line of count.repeated) console.log(`FAILED AT FIRST ${told(line)}`);
for (const line of count.problems) console.log(`FAILED ${told(line)}`);
process.exitCode = count.failed === 0 ? 0 : 1;
writeFileSync(join(RESULTS, "last-line"), `${lastLine(count)}\n`); // for .ci/run
console.log(lastLine(count));
