import { beforeEach, expect, test } from "@jest/globals";
import { createPace, type Pace } from "./pace.ts";

let pace: Pace;
beforeEach(() => {
  pace = createPace({ burst: 5, milliseconds: 1_000, most: 100 });
});

function takeAll(key: string, now: number): number {
  let taken = 0;
  while (pace.take(key, now)) taken += 1;
  return taken;
}

test("each has a few turns at once, then one after the other, and others have theirs", () => {
  expect(takeAll("a", 0)).toBe(5);
  expect(pace.take("a", 999)).toBe(false);
  expect(takeAll("a", 1_000)).toBe(1);
  expect(takeAll("b", 1_000)).toBe(5);
  expect(takeAll("a", 100_000)).toBe(5);
});

test("remembers no more than it may, and quiet ones no longer", () => {
  for (let one = 0; one < 100; one += 1) expect(pace.take(`${one}`, 0)).toBe(true);
  expect(pace.take("another", 0)).toBe(false);
  expect(pace.take("0", 0)).toBe(true);
  expect(pace.take("another", 1_000)).toBe(true);
  // Of 0 one turn is not free yet: it was not forgotten with the others.
  expect(takeAll("0", 1_000)).toBe(4);
});
