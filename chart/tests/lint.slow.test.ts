import { describe, expect, jest, test } from "@jest/globals";
import { HELM_TIMEOUT_MS, helm, renderText } from "./helm.ts";
import { VALUES_FILES } from "./values-files.ts";

// A slow machine may take seconds for one call of Helm.
jest.setTimeout(HELM_TIMEOUT_MS);

describe.each(VALUES_FILES)("with the values $name the chart", ({ path }) => {
  test("gives the same the second time", () => {
    expect(renderText("--values", path)).toBe(renderText("--values", path));
  });

  test("passes helm lint --strict", () => {
    const { ok, stdout, stderr } = helm("lint", "--strict", "--values", path, ".");
    expect(`${ok} ${stdout} ${stderr}`).toMatch(
      /^true .*1 chart\(s\) linted, 0 chart\(s\) failed/s,
    );
  });
});
