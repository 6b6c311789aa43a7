import { expect, test } from "@jest/globals";
import { quantity } from "./quantity.ts";

test.each([
  ["1", "1000m"],
  [1, "1"],
  ["0.5", "500m"],
  ["1Gi", "1024Mi"],
  ["128974848", "123Mi"],
  ["129e6", "129M"],
  ["1k", "1000"],
  ["+1", "1"],
  ["1e+3", "1k"],
  ["1E12", "1T"],
])("%s equals %s", (left, right) => {
  expect(quantity(left)).toBe(quantity(right));
});

test.each([
  ["1G", "1Gi"],
  ["500m", "500M"],
])("%s differs from %s", (left, right) => {
  expect(quantity(left)).not.toBe(quantity(right));
});

test.each(["", "one", "x1", "1 Gi", "1Xi", "1mi"])("%j is none", (text) => {
  expect(quantity(text)).toBeNaN();
});
