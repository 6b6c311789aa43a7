/** Pure: which rules of the soak are broken. docs/reliability.md and README.md state them. */
import { slopeOf } from "./growth.ts";
import { FIGURES, type Figure, type Readings } from "./readings.ts";
import type { Review } from "./reviews.ts";

/**
 * How much a figure may grow in an hour, in its own unit: where even the least slope of the confidence interval is
 * above this, it grows. A MiB an hour at ten times the pace fills a sidecar's limit in two weeks at the usual one.
 */
const MOST_PER_HOUR: Record<Figure, number> = { memory: 1, handles: 1, sockets: 1 };

/**
 * How many pods may miss their sidecar while one packet in a hundred is lost: each review has a connection of its own,
 * and where TCP has lost its beginning twice, it sends it again after 1 s and 3 s, when the webhook's 3 s are over.
 * That comes to 4 in 10,000; five times as many would be the operator's doing.
 */
const MISSED_SHARE = 0.002;

/** A fault, and what came of it. */
export interface FaultOutcome {
  name: string;
  times: number;
  /** How often the sidecar's status told of the dependency, and the pod was as it had to be. */
  noticed: number;
  reasons: Set<string>;
}

/** All that was counted. */
export interface Counts {
  /** Of ours alone: the naive sidecar is there to be compared with. */
  readings: Readings[];
  /** Whether the run says anything of growth. */
  longEnough: boolean;
  faults: FaultOutcome[];
  /** Probes outside of faults that were not answered 200. */
  falseUnready: number;
  /** Reviews while all packets arrived. */
  undisturbed: readonly Review[];
  /** Those while some were lost. */
  disturbed: readonly Review[];
  /** Edits of the policy, or steps of a rotation, that the operator did not follow; each in a sentence. */
  notFollowed: string[];
}

function broken(condition: boolean, sentence: string): string[] {
  return condition ? [sentence] : [];
}

function growing({ program, points }: Readings): string[] {
  return FIGURES.flatMap((figure) => {
    const slope = slopeOf(points[figure]);
    const unit = figure === "memory" ? " MiB" : "";
    return broken(
      slope !== undefined && slope.least > MOST_PER_HOUR[figure],
      `${program.name}: ${figure} grew by at least ${slope?.least.toFixed(2)}${unit} an hour`,
    );
  });
}

/** Those whose pod missed its sidecar. */
export function missedOf(reviews: readonly Review[]): readonly Review[] {
  return reviews.filter(({ missed }) => missed !== undefined);
}

function missing(undisturbed: readonly Review[], disturbed: readonly Review[]): string[] {
  const missed = missedOf(undisturbed).length;
  const lost = missedOf(disturbed).length;
  const most = Math.max(1, disturbed.length * MISSED_SHARE);
  return [
    ...broken(missed > 0, `operator: ${missed} pods missed their sidecar`),
    ...broken(
      lost > most,
      `operator: ${lost} of ${disturbed.length} pods missed their sidecar while packets were lost`,
    ),
  ];
}

/** One sentence for each rule that is broken; none: the soak is passed. */
export function brokenRules({
  readings,
  longEnough,
  faults,
  falseUnready,
  undisturbed,
  disturbed,
  notFollowed,
}: Counts): string[] {
  return [
    ...(longEnough ? readings.flatMap(growing) : []),
    ...readings.flatMap(({ program, last }) =>
      broken(last === undefined, `${program.name}: it has ended`),
    ),
    ...faults.flatMap(({ name, times, noticed }) =>
      broken(noticed < times, `sidecar: ${times - noticed} of ${times} times not told: ${name}`),
    ),
    ...broken(falseUnready > 0, `sidecar: ${falseUnready} probes failed outside of faults`),
    ...missing(undisturbed, disturbed),
    ...notFollowed,
  ];
}
