/** `make fuzz` for a few seconds: more inputs than in `make check`, and the words that a person waits for. */
import { spawn } from "node:child_process";
import { once } from "node:events";
import { globSync } from "node:fs";
import { join } from "node:path";
import { text } from "node:stream/consumers";
import { expect, test } from "@jest/globals";

const ROOT = join(import.meta.dirname, "../..");
const SECONDS_PER_FILE = 2;
/** A process starts for each file, on a machine where others run too. */
const PATIENCE_MILLISECONDS = 240_000;

test(
  "every property holds for the inputs of some seconds, and what was tried is said",
  async () => {
    const files = globSync("operator/**/*.fuzz.test.ts", { cwd: ROOT }).length;
    const env = {
      ...process.env,
      FUZZ_SECONDS: String(files * SECONDS_PER_FILE),
      FUZZ_SEED: "1000",
    };
    const command = ["test/fuzz/run.ts"];
    const child = spawn(process.execPath, command, {
      cwd: ROOT,
      env,
      stdio: ["ignore", "ignore", "pipe"],
    });
    const [said] = await Promise.all([text(child.stderr), once(child, "exit")]);
    expect(said).toMatch(new RegExp(`^fuzz: [1-9]\\d+ inputs, 0 of ${files} files failed$`, "m"));
    expect(child.exitCode).toBe(0);
  },
  PATIENCE_MILLISECONDS,
);
