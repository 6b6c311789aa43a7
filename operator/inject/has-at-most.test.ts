import { expect, test } from "@jest/globals";
import { hasAtMost } from "./has-at-most.ts";

test.each<[unknown, number]>([
  ["text", 1],
  [null, 1],
  [{}, 1],
  [[1, 2, 3], 4],
  [{ a: 1, b: { c: [null] } }, 5],
])("%j is made of %i values", (value, count) => {
  expect(hasAtMost(value, count)).toBe(true);
  expect(hasAtMost(value, count - 1)).toBe(false);
});

test("no more is looked at than the limit", () => {
  let read = 0;
  const item = {
    get field() {
      read++;
      return 1;
    },
  };
  expect(hasAtMost(Array(1_000).fill(item), 10)).toBe(false);
  expect(read).toBeLessThan(10);
});
