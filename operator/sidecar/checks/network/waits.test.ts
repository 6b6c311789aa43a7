/** How long a lookup waits for name servers. */
import { expect, test } from "@jest/globals";
import { silenceWithin } from "./waits.ts";

test.each([
  [50, 12.5],
  [900, 225],
  [3_000, 750],
  [30_000, 1_000],
])("of a budget of %d ms one silence takes %d", (budget, silence) => {
  expect(silenceWithin(budget)).toBe(silence);
});
