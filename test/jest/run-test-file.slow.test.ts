/** What a gate needs of the program that runs test files: whatever goes wrong in one fails it, and it alone. */
import { execFile } from "node:child_process";
import {
  mkdtempSync,
  readFileSync,
  realpathSync,
  rmSync,
  symlinkSync,
  writeFileSync,
} from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { promisify } from "node:util";
import { afterAll, beforeAll, expect, test } from "@jest/globals";

const ROOT = join(import.meta.dirname, "../..");
const IMPORT = 'import { afterAll, expect, jest, test } from "@jest/globals";\n';

/** One process runs the larger ones first: what one leaves behind, the smaller ones find. */
const FILES = {
  "a-assertion.test.ts":
    'test("differs", () => { expect(1 as number).toBe(2); }); test("agrees", () => {});',
  "b-load.test.ts":
    'test("is never reached", () => {}); throw new Error("thrown while the file loads");',
  "c-exception.test.ts":
    'test("throws later", async () => { setTimeout(() => { throw new Error("nobody caught it"); }, 1); await new Promise((done) => setTimeout(done, 50)); });',
  "d-rejection.test.ts":
    'test("rejects later", async () => { void Promise.reject(new Error("nobody handled it")); await new Promise((done) => setTimeout(done, 50)); });',
  "e-hangs.test.ts": 'jest.setTimeout(100); test("never ends", () => new Promise(() => {}));',
  "f-hook.test.ts":
    'afterAll(() => { throw new Error("thrown by a hook"); }); test("passes", () => {});',
  "g-leaves.test.ts":
    'jest.useFakeTimers(); jest.spyOn(console, "info").mockReturnValue(); test("leaves", () => {});'.padEnd(
      1_000,
    ),
  "h-finds.test.ts":
    'test("finds none", async () => { expect(console.info).not.toHaveProperty("mock"); await new Promise((done) => setTimeout(done, 10)); });',
  "j-handles-later.test.ts":
    'test("handles it later", async () => { const late = Promise.reject(new Error("late")); await new Promise((done) => setTimeout(done, 10)); await expect(late).rejects.toThrow("late"); });',
  "k-announces.test.ts":
    'test("announces more", () => { expect.assertions(2); expect(1).toBe(1); }); test("announces none", () => {});',
  "i-skips.test.ts":
    'test.skip("is skipped", () => {}); test.todo("is to come"); test.each([1, 2])("is number %d", () => {});',
};

interface Report {
  testResults: {
    name: string;
    status: string;
    message: string;
    assertionResults: { title: string; status: string }[];
  }[];
}
const folders: string[] = [];
afterAll(() => {
  for (const each of folders) rmSync(each, { recursive: true });
});

function createFolder(files: Record<string, string>): string {
  const folder = realpathSync(mkdtempSync(join(tmpdir(), "healthpolicy-jest-")));
  folders.push(folder);
  symlinkSync(join(ROOT, "node_modules"), join(folder, "node_modules"));
  const config = { testRunner: join(ROOT, "test/jest/run-test-file.ts"), transform: {} };
  writeFileSync(join(folder, "package.json"), JSON.stringify({ type: "module", jest: config }));
  for (const [name, text] of Object.entries(files))
    writeFileSync(join(folder, name), IMPORT + text);
  return folder;
}

async function runJest(folder: string, workers: string): Promise<Report> {
  const jest = join(ROOT, "node_modules/jest/bin/jest.js");
  const args = [jest, workers, "--no-cache", "--json", "--outputFile=report.json"];
  const ended = promisify(execFile)(process.execPath, args, { cwd: folder, timeout: 30_000 });
  await ended.catch(() => {}); // it has failed tests
  return JSON.parse(readFileSync(join(folder, "report.json"), "utf8"));
}

let report: Report;
const resultOf = (name: keyof typeof FILES) => {
  const result = report.testResults.find((each) => each.name.endsWith(name));
  if (result === undefined) throw new Error(`${name} left no result`);
  return result;
};

beforeAll(async () => {
  report = await runJest(createFolder(FILES), "--runInBand");
}, 40_000);

test("an assertion that fails fails its test alone", () => {
  const { status, message, assertionResults } = resultOf("a-assertion.test.ts");
  expect(status).toBe("failed");
  expect(message).toContain("Expected: 2");
  expect(assertionResults).toMatchObject([
    { status: "failed" },
    { title: "agrees", status: "passed" },
  ]);
});

test.each([
  ["b-load.test.ts", "thrown while the file loads"],
  ["c-exception.test.ts", "nobody caught it"],
  ["d-rejection.test.ts", "nobody handled it"],
  ["e-hangs.test.ts", "Exceeded timeout of 100 ms"],
  ["f-hook.test.ts", "thrown by a hook"],
] as const)("%s fails, and says why", (name, message) => {
  expect(resultOf(name)).toMatchObject({
    status: "failed",
    message: expect.stringContaining(message),
  });
});

test("neither fake timers nor spies of one file are there in the next one", () => {
  expect(resultOf("g-leaves.test.ts").status).toBe("passed");
  expect(resultOf("h-finds.test.ts").status).toBe("passed");
});

test("fewer assertions than a test has announced fail it alone", () => {
  expect(resultOf("k-announces.test.ts").assertionResults).toMatchObject([
    { title: "announces more", status: "failed" },
    { title: "announces none", status: "passed" },
  ]);
});

/** With fewer files Jest uses no workers. */
const IN_WORKERS = 21;

test("what nobody catches in a worker fails the file, which is not run again", async () => {
  const many = createFolder(
    Object.fromEntries(
      Array.from({ length: IN_WORKERS }, (_, index) => [
        `${index}.test.ts`,
        'test("passes", () => {});',
      ]),
    ),
  );
  const once =
    'import { existsSync, writeFileSync } from "node:fs"; test("throws in its first run", async () => { if (existsSync("ran")) return; writeFileSync("ran", ""); setTimeout(() => { throw new Error("nobody caught it"); }, 1); await new Promise((done) => setTimeout(done, 50)); });';
  writeFileSync(join(many, "once.test.ts"), IMPORT + once);
  const { testResults } = await runJest(many, "--maxWorkers=2");
  expect(testResults.filter(({ status }) => status === "failed")).toMatchObject([
    { name: join(many, "once.test.ts"), message: expect.stringContaining("nobody caught it") },
  ]);
}, 40_000);

test("a rejection that is handled later is none", () => {
  expect(resultOf("j-handles-later.test.ts").status).toBe("passed");
});

test("tests that are skipped, to come, or made from a table are counted as such", () => {
  const statuses = resultOf("i-skips.test.ts").assertionResults.map(({ status }) => status);
  expect(statuses).toEqual(["pending", "todo", "passed", "passed"]);
});
