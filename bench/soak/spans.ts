/** Pure: moments and spans of time, in milliseconds of performance.now(). */

/** The end is left out. */
export interface Span {
  from: number;
  to: number;
}

/** Those that lie in none of the spans. */
export function outside<T extends { at: number }>(all: readonly T[], spans: readonly Span[]): T[] {
  return all.filter(({ at }) => !spans.some(({ from, to }) => at >= from && at < to));
}
