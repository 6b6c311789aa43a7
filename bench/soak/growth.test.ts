import { describe, expect, test } from "@jest/globals";
import { slopeOf } from "./growth.ts";

const points = (...values: number[]) => values.map((value, hours) => ({ hours, value }));

describe("the slope", () => {
  test("of a line is the line's, without doubt", () => {
    expect(slopeOf(points(1, 3, 5, 7))).toStrictEqual({ perHour: 2, least: 2, most: 2 });
  });

  test("of what does not grow is none", () => {
    expect(slopeOf(points(5, 5, 5))).toStrictEqual({ perHour: 0, least: 0, most: 0 });
  });

  // Anscombe's first data set: slope 0.5001 with a standard error of 0.1179, and 9 degrees of freedom.
  test("comes with the interval that statisticians give", () => {
    const x = [10, 8, 13, 9, 11, 14, 6, 4, 12, 7, 5];
    const y = [8.04, 6.95, 7.58, 8.81, 8.33, 9.96, 7.24, 4.26, 10.84, 4.82, 5.68];
    const slope = slopeOf(x.map((hours, index) => ({ hours, value: y[index] ?? 0 })));
    expect(slope?.perHour).toBeCloseTo(0.5001, 4);
    expect(slope?.least).toBeCloseTo(0.5001 - 2.262 * 0.1179, 3);
    expect(slope?.most).toBeCloseTo(0.5001 + 2.262 * 0.1179, 3);
  });

  test("of two points is not told", () => {
    expect(slopeOf(points(1, 2))).toBeUndefined();
  });
});
