import { setTimeout as sleep } from "node:timers/promises";
import { expect, test } from "@jest/globals";
import { repeat } from "./repeat.ts";

const PERIOD_MILLISECONDS = 40;
/** Timers may fire a millisecond early. */
const EARLY_MILLISECONDS = 2;

test("asks once in a period, and not before the last answer", async () => {
  const stop = new AbortController();
  const asked: number[] = [];
  const takes = [0, 3 * PERIOD_MILLISECONDS, 0];
  await repeat(
    { periodMilliseconds: PERIOD_MILLISECONDS, signal: stop.signal },
    () => sleep(takes[asked.length]),
    (_, at) => {
      asked.push(at);
      if (asked.length === takes.length) stop.abort();
    },
  );
  const [first = 0, second = 0, third = 0] = asked;
  expect(second - first).toBeGreaterThanOrEqual(PERIOD_MILLISECONDS - EARLY_MILLISECONDS);
  expect(third - second).toBeGreaterThanOrEqual(3 * PERIOD_MILLISECONDS - EARLY_MILLISECONDS);
});

test("an answer that the signal comes before is not noted", async () => {
  const stop = new AbortController();
  const noted: string[] = [];
  const ask = async () => {
    stop.abort();
    return "late";
  };
  await repeat({ periodMilliseconds: 0, signal: stop.signal }, ask, (answer) => noted.push(answer));
  expect(noted).toStrictEqual([]);
});
