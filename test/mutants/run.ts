/**
 * `make mutants`: runs Stryker for each part in turn, then prints the score of each folder and every mutant that
 * lived. The exit status is 0 only when each folder reaches the score that is asked for. With PART=name or
 * FILE=path only that part or file is run.
 */
import { readFileSync } from "node:fs";
import { join, matchesGlob } from "node:path";
import { onSignalsEndSteps, runStep } from "../run-step.ts";
import { parts } from "./parts.ts";
import { type MutantReport, scores, survivors } from "./score.ts";

const ROOT = join(import.meta.dirname, "../..");
/** A mutant in ten may live: some change nothing that can be seen. */
const REQUIRED = 0.9;
/** Several times what the longest part takes on two cores. */
const PART_DEADLINE_MILLISECONDS = 90 * 60_000;

const { PART, FILE } = process.env;

function isWanted(name: string): boolean {
  if (PART) return name === PART;
  return !FILE || (parts[name]?.mutate ?? []).some((pattern) => matchesGlob(FILE, pattern));
}

async function report(part: string): Promise<MutantReport | undefined> {
  console.log(`\n=== ${part}`);
  const stryker = join(ROOT, "node_modules/@stryker-mutator/core/bin/stryker.js");
  const command = [process.execPath, stryker, "run", ...(FILE ? ["--mutate", FILE] : [])];
  const env = { ...process.env, PART: part };
  const succeeded = await runStep(command, {
    deadline: PART_DEADLINE_MILLISECONDS,
    cwd: ROOT,
    env,
  });
  if (!succeeded) return undefined;
  return JSON.parse(readFileSync(join(ROOT, `.tools/results/mutants-${part}.json`), "utf8"));
}

onSignalsEndSteps();
const wanted = Object.keys(parts).filter(isWanted);
const reports: MutantReport[] = [];
for (const part of wanted) {
  const written = await report(part);
  if (written) reports.push(written);
}

console.log("\nnot noticed by any test:");
for (const line of survivors(reports)) console.log(`  ${line}`);
const folders = scores(reports);
for (const { folder, killed, all } of folders) {
  console.log(`${folder}: ${killed} of ${all} noticed, ${((100 * killed) / all).toFixed(1)} %`);
}
const complete = wanted.length > 0 && reports.length === wanted.length;
if (!complete) console.error(`${reports.length} of ${wanted.length} parts ran to their end`);
const enough = folders.every(({ killed, all }) => killed / all >= REQUIRED);
process.exitCode = complete && enough ? 0 : 1;
