/** How often what is costly to connect to is checked. */
import { expect, test } from "@jest/globals";
import { pacedInterval } from "./paced-interval.ts";

const ALL = 40;
const OWN = ALL / 12;

test.each([
  ["little, beside little", { own: 1, all: 12 }, 5_000],
  ["all that there is, alone", { own: ALL, all: ALL }, 5_000],
  ["its share, beside much", { own: OWN, all: 10 * ALL }, 5_000],
  ["more than there is, alone", { own: 2 * ALL, all: 2 * ALL }, 10_000],
  ["one of eleven that take twice what there is", { own: 80 / 11, all: 80 }, 10_000],
  ["a little more than its share, beside much", { own: 1.5 * OWN, all: 10 * ALL }, 7_500],
])("%s", (_, loads, interval) => {
  expect(pacedInterval(5_000, loads)).toBeCloseTo(interval);
});

test.each([1, 2, 6, 11])("%d of one kind never take more together than there is", (count) => {
  const own = 80;
  const paced = pacedInterval(1_000, { own, all: count * own });
  expect((count * own * 1_000) / paced).toBeLessThanOrEqual(ALL + 1e-9);
});
