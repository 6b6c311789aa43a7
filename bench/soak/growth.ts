/** Pure: whether a figure grows, as a slope by least squares with its 95 % confidence interval. */

/** A mean, and the hours since the start at which it was taken. */
export interface Point {
  hours: number;
  value: number;
}

/** How much a figure grows in an hour: the estimate, and the ends of its 95 % confidence interval. */
export interface Slope {
  perHour: number;
  least: number;
  most: number;
}

/** Student's t for 97.5 %, by degrees of freedom from 1 to 30; statistical tables have it. */
const STUDENT = [
  12.706, 4.303, 3.182, 2.776, 2.571, 2.447, 2.365, 2.306, 2.262, 2.228, 2.201, 2.179, 2.16, 2.145,
  2.131, 2.12, 2.11, 2.101, 2.093, 2.086, 2.08, 2.074, 2.069, 2.064, 2.06, 2.056, 2.052, 2.048,
  2.045, 2.042,
];

/** The mean; NaN of nothing. */
export function mean(values: readonly number[]): number {
  return values.reduce((sum, value) => sum + value, 0) / values.length;
}

/**
 * The slope of a line through the points; undefined with fewer than three, which say nothing of confidence. Points are
 * means over whole rounds of faults: single readings depend on the garbage of the moment and on the fault, and each on
 * the one before it, so that an interval made of them would promise too much.
 */
export function slopeOf(points: readonly Point[]): Slope | undefined {
  if (points.length < 3) return undefined;
  const middle = mean(points.map(({ hours }) => hours));
  const level = mean(points.map(({ value }) => value));
  const spread = points.reduce((sum, { hours }) => sum + (hours - middle) ** 2, 0);
  const perHour =
    points.reduce((sum, { hours, value }) => sum + (hours - middle) * (value - level), 0) / spread;
  const left = points.reduce(
    (sum, { hours, value }) => sum + (value - level - perHour * (hours - middle)) ** 2,
    0,
  );
  const freedom = points.length - 2;
  const student = STUDENT[Math.min(freedom, STUDENT.length) - 1] ?? Number.NaN;
  const margin = student * Math.sqrt(left / freedom / spread);
  return { perHour, least: perHour - margin, most: perHour + margin };
}
