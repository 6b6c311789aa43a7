/** Pure: when to start what should not coincide with others. */

/** The moment from `earliest` to `latest` that is farthest from all of `others`; `latest` where there are none. */
export function farthestMoment(
  { earliest, latest }: { earliest: number; latest: number },
  others: readonly number[],
): number {
  const distance = (moment: number) =>
    Math.min(...others.map((other) => Math.abs(other - moment)), Number.MAX_VALUE);
  const sorted = [...others].sort((a, b) => a - b);
  const between = sorted
    .slice(1)
    .map((other, index) => (other + (sorted[index] ?? other)) / 2)
    .filter((moment) => moment > earliest && moment < latest);
  return between.reduce(
    (best, moment) => (distance(moment) > distance(best) ? moment : best),
    distance(earliest) > distance(latest) ? earliest : latest,
  );
}
