/** How long a lookup waits for name servers. */
import { expect, test } from "@jest/globals";
import { askingAnewWithin, silenceWithin } from "./waits.ts";

test.each([
  [50, 12.5, 31.25],
  [900, 225, 562.5],
  [3_000, 750, 1_875],
  [30_000, 1_000, 2_500],
])("of a budget of %d ms one silence takes %d, and asking anew %d", (budget, silence, anew) => {
  expect(silenceWithin(budget)).toBe(silence);
  expect(askingAnewWithin(budget)).toBe(anew);
});
