import { expect, test } from "@jest/globals";
import type { Impact } from "../../api/policy-file.ts";
import { isWeakened } from "./impacts.ts";

test.each<[Impact, Impact | undefined, boolean]>([
  ["Gate", "Gate", false],
  ["Gate", "Startup", true],
  ["Gate", "Observe", true],
  ["Gate", undefined, true],
  ["Startup", "Gate", false],
  ["Startup", "Startup", false],
  ["Startup", "Observe", true],
  ["Startup", undefined, true],
])("an edit from %s to %s may let pods go: %s", (before, now, expected) => {
  expect(isWeakened(before, now)).toBe(expected);
});
