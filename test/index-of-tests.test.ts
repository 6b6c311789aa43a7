/** Each fault and each requirement has a row in the documents, and the tests that its row names are there. */
import { existsSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { describe, expect, test } from "@jest/globals";

const ROOT = join(import.meta.dirname, "..");
const read = (path: string) => readFileSync(join(ROOT, path), "utf8");

/** Where a row cannot have a test, it says why, and how somebody else can see it. */
const CANNOT_BE_RUN = /^Cannot be run here: .+\. To run it: .+/;

interface NamedTest {
  path: string;
  titles: string[];
}

/** A file in code, and after it titles, or parts of them, in quotes. */
function testsIn(cell: string): NamedTest[] {
  return [...cell.matchAll(/`([\w./-]+\.ts)`((?: "[^"]+")*)/g)].map(
    ([, path = "", titles = ""]) => ({
      path,
      titles: [...titles.matchAll(/"([^"]+)"/g)].map(([, title = ""]) => title),
    }),
  );
}

/** What is wrong with a test that is named; nothing where it is there. */
function problemsOf({ path, titles }: NamedTest): string[] {
  if (!existsSync(join(ROOT, path))) return [`${path} is not there`];
  const source = read(path);
  return titles
    .filter((title) => !source.includes(title))
    .map((title) => `${path} has no test "${title}"`);
}

const rowsOf = (document: string, id: RegExp) =>
  read(document)
    .split("\n")
    .map((line) => line.split("|").map((cell) => cell.trim()))
    .filter(([, first = ""]) => id.test(first));

describe.each([
  ["docs/reliability.md", /^\d+$/, Array.from({ length: 43 }, (_, at) => String(at + 1))],
  ["docs/security.md", /^S\d+$/, Array.from({ length: 31 }, (_, at) => `S${at + 1}`)],
] as const)("%s", (document, pattern, ids) => {
  const rows = rowsOf(document, pattern);

  test("has a row for each, in order", () => {
    expect(rows.map(([, id]) => id)).toEqual(ids);
  });

  test.each(rows.map((cells) => [cells[1] ?? "", cells] as const))(
    "%s says what happens, what we do, and which test shows it",
    (_, [, , happens = "", answer = "", shown = "", ...rest]) => {
      expect(rest).toEqual([""]);
      expect(happens.length).toBeGreaterThan(10);
      expect(answer.length).toBeGreaterThan(5);
      const named = testsIn(shown);
      expect(named.flatMap(problemsOf)).toEqual([]);
      const isShown = named.some(({ path }) => path.endsWith(".test.ts"));
      expect(shown.startsWith("Cannot") ? CANNOT_BE_RUN.test(shown) : isShown).toBe(true);
    },
  );
});
