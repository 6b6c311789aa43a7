/**
 * `make fuzz`: tries every property of every `*.fuzz.test.ts` for FUZZ_SECONDS together, an hour unless that says
 * otherwise. FUZZ_SEED begins elsewhere, `--file` and `--name` leave the others out; with FUZZ_PATH one input alone
 * is tried, which has failed. Prints how to repeat what failed, and in the end how many inputs were tried.
 */
import { spawn } from "node:child_process";
import { randomInt } from "node:crypto";
import { once } from "node:events";
import { globSync } from "node:fs";
import { createInterface } from "node:readline";
import { parseArgs } from "node:util";

const { values } = parseArgs({ options: { file: { type: "string" }, name: { type: "string" } } });
const HOUR_SECONDS = 3_600;
const MOST_SEEDS = 2 ** 31 - 1;

const files = values.file ? [values.file] : globSync("operator/**/*.fuzz.test.ts").toSorted();
const seconds = Number(process.env.FUZZ_SECONDS || HOUR_SECONDS);
const seed = process.env.FUZZ_SEED || String(randomInt(MOST_SEEDS));

interface Result {
  inputs: number;
  failed: boolean;
}

/** One file, in a process of its own. */
async function fuzzFile(file: string): Promise<Result> {
  const jest = ["node_modules/jest/bin/jest.js"];
  const name = values.name ? ["--testNamePattern", values.name] : [];
  const env = {
    ...process.env,
    FUZZ_SEED: seed,
    FUZZ_FILE_SECONDS: String(seconds / files.length),
    NODE_NO_WARNINGS: "1",
  };
  const child = spawn(process.execPath, [...jest, "--runTestsByPath", file, ...name], {
    env,
    stdio: ["ignore", "inherit", "pipe"],
  });
  let inputs = 0;
  for await (const line of createInterface({ input: child.stderr })) {
    console.error(line);
    inputs += Number(/^fuzz: .*: (\d+) inputs in/.exec(line)?.[1] ?? 0);
  }
  if (child.exitCode === null) await once(child, "exit");
  return { inputs, failed: child.exitCode !== 0 };
}

console.error(`fuzz: ${files.length} files, ${seconds} s together, seed ${seed}`);
const results: Result[] = [];
for (const file of files) results.push(await fuzzFile(file));
const inputs = results.reduce((sum, result) => sum + result.inputs, 0);
const failed = files.filter((_, index) => results[index]?.failed);
console.error(`fuzz: ${inputs} inputs, ${failed.length} of ${files.length} files failed`);
for (const file of failed) console.error(`fuzz: ${file} failed`);
process.exit(failed.length === 0 ? 0 : 1);
