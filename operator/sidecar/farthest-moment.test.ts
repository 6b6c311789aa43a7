import { expect, test } from "@jest/globals";
import { farthestMoment } from "./farthest-moment.ts";

const WINDOW = { earliest: 90, latest: 100 };

test.each<[string, number[], number]>([
  ["none others: the latest", [], 100],
  ["one at the end: the earliest", [100], 90],
  ["one beyond the end: the earliest", [104], 90],
  ["one before the beginning: the latest", [80], 100],
  ["between two", [90, 98], 94],
  ["between two of whom none is within", [88, 103], 95.5],
  ["in the wider gap, in whatever order they come", [99, 90, 92], 95.5],
  ["a gap before the beginning is none", [0, 70, 90, 91, 100], 95.5],
  ["a gap beyond the end is none", [95, 100, 160], 90],
  ["all at once: the latest, where the earliest is no better", [95, 95], 100],
])("%s", (_, others, moment) => {
  expect(farthestMoment(WINDOW, others)).toBe(moment);
});
