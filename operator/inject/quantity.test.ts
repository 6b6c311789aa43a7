import { expect, test } from "@jest/globals";
import { addQuantities, isZero, quantity } from "./quantity.ts";

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
  ["1005m", "1.005"],
  ["1.5Gi", "1536Mi"],
  [".5", "500m"],
  ["5.", "5"],
  ["1E", "1000P"],
  ["25e-1", "2500m"],
  ["9007199254740993", "9007199254740993000m"],
  ["0.1n", "1n"],
])("%s equals %s", (left, right) => {
  expect(quantity(left)).toBe(quantity(right));
});

test.each([
  ["1G", "1Gi"],
  ["500m", "500M"],
  ["9007199254740993", "9007199254740992"],
])("%s differs from %s", (left, right) => {
  expect(quantity(left)).not.toBe(quantity(right));
});

test.each([
  "",
  "one",
  "x1",
  "1 Gi",
  "1Xi",
  "1mi",
  ".",
  "+",
  "1e3Mi",
  // What takes for ever to write out.
  "1e999999999",
  "1".repeat(100_000),
])("%j is none", (text) => {
  expect(quantity(text)).toBeUndefined();
});

test.each([
  ["1", "100m", "1100m"],
  [1, "5m", "1005m"],
  ["1900m", "100m", "2"],
  ["0", "5m", "5m"],
  ["1.5", "0.1", "1600m"],
  ["1e3", "1", "1001"],
  ["1u", "1n", "1001n"],
  ["1Gi", "64Mi", "1088Mi"],
  ["960Mi", "64Mi", "1Gi"],
  ["128M", "64Mi", "190536Ki"],
  ["1G", "64Mi", "1067108864"],
  ["100", "1Ki", "1124"],
  ["0.1Ki", "0", "102400m"],
  ["9007199254740993", "1", "9007199254740994"],
])("%s and %s are %s", (left, right, sum) => {
  expect(addQuantities(left, right)).toBe(sum);
});

test.each([
  ["lots", "5m"],
  ["1e999999999", "5m"],
])("nothing is added to %s: the API server says what is wrong with it", (left, right) => {
  expect(addQuantities(left, right)).toBe(left);
});

test.each([
  // Of memory the largest that API servers hold, and what they make of anything larger.
  ["9223372036854775807", "64Mi"],
  ["8Ei", "64Mi"],
  ["1000E", "64Mi"],
  // Thousandths of a CPU, as kubelets count them.
  ["10e15", "100m"],
  ["9223372036854775.8", "8m"],
])("%s stays: with %s it would be more than the largest sum", (left, right) => {
  expect(addQuantities(left, right)).toBe(left);
});

test("what comes to the largest sum is added", () => {
  expect(addQuantities("9223372036854775.8", "7m")).toBe("9223372036854775807m");
});

test.each([["0"], [0], ["0Mi"], ["0.0"]])("%j is 0", (text) => {
  expect(isZero(text)).toBe(true);
});

test.each([["1n"], ["lots"], [undefined]])("%j is not", (text) => {
  expect(isZero(text)).toBe(false);
});
