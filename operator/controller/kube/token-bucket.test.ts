import { afterEach, beforeEach, expect, jest, test } from "@jest/globals";
import { createTokenBucket } from "./token-bucket.ts";

beforeEach(() => {
  jest.useFakeTimers();
});

afterEach(() => {
  jest.useRealTimers();
});

test("a full bucket gives its burst at once, then one turn after the other", () => {
  const bucket = createTokenBucket({ perSecond: 10, burst: 3 });
  const start = performance.now();
  const turns = Array.from({ length: 6 }, () => Math.round(bucket.take() - start));
  expect(turns).toEqual([0, 0, 0, 100, 200, 300]);
});

test("time fills it again, up to the burst", () => {
  const bucket = createTokenBucket({ perSecond: 10, burst: 3 });
  for (let turn = 0; turn < 3; turn += 1) bucket.take();
  jest.advanceTimersByTime(200);
  const later = performance.now();
  expect([0, 1, 2].map(() => Math.round(bucket.take() - later))).toEqual([0, 0, 100]);
  jest.advanceTimersByTime(60_000);
  const muchLater = performance.now();
  const turns = Array.from({ length: 4 }, () => Math.round(bucket.take() - muchLater));
  expect(turns).toEqual([0, 0, 0, 100]);
});

test("it is full until a turn is taken, and when time has given that back", () => {
  const bucket = createTokenBucket({ perSecond: 10, burst: 3 });
  expect(bucket.isFull()).toBe(true);
  bucket.take();
  expect(bucket.isFull()).toBe(false);
  jest.advanceTimersByTime(100);
  expect(bucket.isFull()).toBe(true);
});
