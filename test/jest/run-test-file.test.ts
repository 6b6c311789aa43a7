/** What a gate needs of the program that runs test files: whatever goes wrong in one fails it, and it alone. */
import { execFile } from "node:child_process";
import { mkdtempSync, readFileSync, rmSync, symlinkSync, writeFileSync } from "node:fs";
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
const folder = mkdtempSync(join(tmpdir(), "healthpolicy-jest-"));
let report: Report;
const resultOf = (name: keyof typeof FILES) => {
  const result = report.testResults.find((each) => each.name.endsWith(name));
  if (result === undefined) throw new Error(`${name} left no result`);
  return result;
};

beforeAll(async () => {
  symlinkSync(join(ROOT, "node_modules"), join(folder, "node_modules"));
  const config = { testRunner: join(ROOT, "test/jest/run-test-file.ts"), transform: {} };
  writeFileSync(join(folder, "package.json"), JSON.stringify({ type: "module", jest: config }));
  for (const [name, text] of Object.entries(FILES))
    writeFileSync(join(folder, name), IMPORT + text);
  const jest = [
    join(ROOT, "node_modules/jest/bin/jest.js"),
    "--runInBand",
    "--no-cache",
    "--json",
    "--outputFile=report.json",
  ];
  await promisify(execFile)(process.execPath, jest, { cwd: folder, timeout: 30_000 }).catch(
    () => {},
  ); // it has failed tests
  report = JSON.parse(readFileSync(join(folder, "report.json"), "utf8"));
}, 40_000);
afterAll(() => rmSync(folder, { recursive: true }));

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

test("a rejection that is handled later is none", () => {
  expect(resultOf("j-handles-later.test.ts").status).toBe("passed");
});

test("tests that are skipped, to come, or made from a table are counted as such", () => {
  const statuses = resultOf("i-skips.test.ts").assertionResults.map(({ status }) => status);
  expect(statuses).toEqual(["pending", "todo", "passed", "passed"]);
});
