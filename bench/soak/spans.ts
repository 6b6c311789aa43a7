/** Pure: moments and spans of time, in milliseconds of performance.now(). */

/** The end is left out. */
export interface Span {
  from: number;
  to: number;
}

const isWithin = (at: number, spans: readonly Span[]) =>
  spans.some(({ from, to }) => at >= from && at < to);

/** Those that lie in none of the spans. */
export function outside<T extends { at: number }>(all: readonly T[], spans: readonly Span[]): T[] {
  return all.filter(({ at }) => !isWithin(at, spans));
}

/** Those that lie in one of the spans. */
export function within<T extends { at: number }>(all: readonly T[], spans: readonly Span[]): T[] {
  return all.filter(({ at }) => isWithin(at, spans));
}
