/** What programs hold, read all the time and put together by rounds of faults. */
import { setTimeout as sleep } from "node:timers/promises";
import { mean, type Point } from "./growth.ts";
import type { LongProgram, Reading } from "./long-program.ts";

/** The figures of a reading. */
export const FIGURES = ["memory", "handles", "sockets"] as const;
/** One of them. */
export type Figure = (typeof FIGURES)[number];

/** A program's readings. */
export interface Readings {
  program: LongProgram;
  /** Those of this round so far. */
  round: Reading[];
  last: Reading | undefined;
  most: Reading;
  points: Record<Figure, Point[]>;
}

const PERIOD_MILLISECONDS = 2_000;

/** Nothing has been read yet. */
export function readingsOf(program: LongProgram): Readings {
  return {
    program,
    round: [],
    last: undefined,
    most: { memory: 0, handles: 0, sockets: 0 },
    points: { memory: [], handles: [], sockets: [] },
  };
}

/** Reads all of them until the signal fires. */
export async function keepReading(all: readonly Readings[], signal: AbortSignal): Promise<void> {
  while (!signal.aborted) {
    for (const readings of all) {
      const reading = readings.program.read();
      readings.last = reading;
      if (reading === undefined) continue;
      readings.round.push(reading);
      for (const figure of FIGURES) {
        readings.most[figure] = Math.max(readings.most[figure], reading[figure]);
      }
    }
    await sleep(PERIOD_MILLISECONDS, undefined, { signal }).catch(() => {});
  }
}

/** The round is over: its means become a point each, unless it is one that is not to be compared with the others. */
export function endRound(readings: Readings, hours: number, compared: boolean): void {
  for (const figure of FIGURES) {
    const value = mean(readings.round.map((reading) => reading[figure]));
    if (compared && readings.round.length > 0) readings.points[figure].push({ hours, value });
  }
  readings.round = [];
}
