import { afterEach, beforeEach, expect, jest, test } from "@jest/globals";
import { createEvictionPace, SETTLE_MILLISECONDS } from "./eviction-pace.ts";

beforeEach(() => {
  jest.useFakeTimers();
});

afterEach(() => {
  jest.useRealTimers();
});

/** Takes a turn whenever there is one, for so many minutes; the times of the turns. */
function turns(perMinute: number, minutes: number): number[] {
  const pace = createEvictionPace(perMinute);
  const start = performance.now();
  const taken: number[] = [];
  while (performance.now() - start < minutes * 60_000) {
    if (pace.take()) taken.push(Math.round(performance.now() - start));
    jest.advanceTimersByTime(100);
  }
  return taken;
}

test.each([1, 7, 10, 60, 600])("%d a minute: no minute has more", (perMinute) => {
  const taken = turns(perMinute, 5);
  const inMinuteFrom = (from: number) => taken.filter((at) => at >= from && at < from + 60_000);
  for (const from of taken) expect(inMinuteFrom(from).length).toBeLessThanOrEqual(perMinute);
  expect(taken.length).toBeGreaterThanOrEqual(perMinute * 4 * 0.9);
});

test("a new leader waits for a whole turn, and 10 s at least: the last one may have used its up", () => {
  expect(turns(1, 2)[0]).toBe(60_000);
  expect(turns(600, 1)[0]).toBe(SETTLE_MILLISECONDS);
});

test("a turn that nobody took is not kept", () => {
  const pace = createEvictionPace(10);
  jest.advanceTimersByTime(3_600_000);
  expect([pace.take(), pace.take()]).toEqual([true, false]);
  expect(pace.wait()).toBeCloseTo(6_000, -1);
});

test("a turn with which no pod went is there for the next one, after a second", () => {
  const pace = createEvictionPace(10);
  jest.advanceTimersByTime(60_000);
  expect([pace.take(), pace.take()]).toEqual([true, false]);
  pace.giveBack();
  expect([pace.wait(), pace.take()]).toEqual([1_000, false]);
  jest.advanceTimersByTime(1_000);
  expect([pace.take(), pace.take()]).toEqual([true, false]);
});

test("a turn that is given back late comes no later for it", () => {
  const pace = createEvictionPace(10);
  jest.advanceTimersByTime(60_000);
  expect(pace.take()).toBe(true);
  jest.advanceTimersByTime(5_900);
  pace.giveBack();
  expect(pace.wait()).toBeLessThanOrEqual(100);
});

test("with none a minute there is never a turn", () => {
  const pace = createEvictionPace(0);
  jest.advanceTimersByTime(3_600_000);
  expect(pace.take()).toBe(false);
});
