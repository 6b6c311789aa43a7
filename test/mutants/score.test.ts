import { expect, test } from "@jest/globals";
import { type MutantReport, scores, survivors } from "./score.ts";

const mutant = (status: string, line = 1) => ({
  mutatorName: "BlockStatement",
  status,
  replacement: "{\n}",
  location: { start: { line, column: 2 } },
});

const REPORTS: MutantReport[] = [
  {
    files: {
      "operator/b/one.ts": { mutants: [mutant("Killed"), mutant("Survived", 7)] },
      "operator/a/two.ts": { mutants: [mutant("Timeout"), mutant("NoCoverage", 9)] },
    },
  },
  {
    files: {
      "operator/b/three.ts": { mutants: [mutant("Killed"), mutant("Ignored")] },
      "operator/c/four.ts": { mutants: [mutant("RuntimeError")] },
    },
  },
];

test("each folder counts what was noticed, over all its files and parts", () => {
  expect(scores(REPORTS)).toStrictEqual([
    { folder: "operator/a", killed: 1, all: 2 },
    { folder: "operator/b", killed: 2, all: 3 },
  ]);
});

test("what lived is named, and what no test reaches too", () => {
  expect(survivors(REPORTS)).toStrictEqual([
    "operator/b/one.ts:7:2 BlockStatement { }",
    "operator/a/two.ts:9:2 BlockStatement { }",
  ]);
});
