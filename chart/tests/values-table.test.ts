import { readFileSync } from "node:fs";
import { join } from "node:path";
import { describe, expect, test } from "@jest/globals";
import { expectGolden } from "./expect-golden.ts";
import { CHART } from "./helm.ts";
import { valuesTable } from "./values-table.ts";

const README = join(CHART, "README.md");
const START = "<!-- values -->\n\n";
const END = "\n<!-- end of values -->";

test("the table of README.md is that of values.yaml", () => {
  const readme = readFileSync(README, "utf8");
  const table = valuesTable(readFileSync(join(CHART, "values.yaml"), "utf8"));
  const before = readme.slice(0, readme.indexOf(START) + START.length);
  const after = readme.slice(readme.indexOf(END));
  expectGolden(README, `${before}${table}${after}`);
});

describe("a table", () => {
  test("has a row for each described value, with its default", () => {
    const yaml =
      "# about the file\n\n# -- One.\na: 1\nb:\n  # Not shown.\n  # -- Two,\n  # on two lines.\n  c: [x|y]\n";
    expect(valuesTable(yaml)).toBe(
      [
        "| Value | Default   | What it is for     |",
        "| ----- | --------- | ------------------ |",
        "| `a`   | `1`       | One.               |",
        '| `b.c` | `["x|y"]` | Two, on two lines. |',
        "",
      ].join("\n"),
    );
  });

  test("is refused where a value has no description", () => {
    expect(() => valuesTable("# -- One.\na: 1\nb:\n  c: 2\n")).toThrow(
      'b.c has no comment that starts with "# --"',
    );
  });
});
