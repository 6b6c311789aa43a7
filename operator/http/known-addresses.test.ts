import { afterEach, beforeEach, expect, jest, test } from "@jest/globals";
import { type KnownAddresses, knownAddresses } from "./known-addresses.ts";

const HOUR = 60 * 60_000;

beforeEach(() => {
  jest.useFakeTimers();
});
afterEach(() => {
  jest.useRealTimers();
});

/** Has these served, as `10.0.0.<number>`. */
function serve(known: KnownAddresses, ...numbers: number[]): void {
  for (const number of numbers) known.served(`10.0.0.${number}`);
}

/** Which of 1 to 12 are known. */
function knownOf(known: KnownAddresses): number[] {
  return [1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12].filter((one) => known.has(`10.0.0.${one}`));
}

test("the first eight that were served, whoever comes after them", () => {
  const known = knownAddresses();
  serve(known, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 1, 9);
  expect(knownOf(known)).toStrictEqual([1, 2, 3, 4, 5, 6, 7, 8]);
});

test("one that was silent for more than an hour makes place, and no other", () => {
  const known = knownAddresses();
  serve(known, 1, 2, 3, 4, 5, 6, 7, 8);
  jest.advanceTimersByTime(HOUR / 2);
  serve(known, 1, 3, 4, 5, 6, 7, 8);
  jest.advanceTimersByTime(HOUR / 2);
  serve(known, 9);
  expect(knownOf(known)).toStrictEqual([1, 2, 3, 4, 5, 6, 7, 8]);
  jest.advanceTimersByTime(1);
  expect(known.has("10.0.0.2")).toBe(true);
  serve(known, 9, 10);
  expect(knownOf(known)).toStrictEqual([1, 3, 4, 5, 6, 7, 8, 9]);
});
