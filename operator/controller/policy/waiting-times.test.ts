import { afterEach, beforeEach, expect, jest, test } from "@jest/globals";
import { createWaitingTimes, type WaitingTimes } from "./waiting-times.ts";

const WEB = { namespace: "shop", name: "web", uid: "u", generation: 3 };

let times: WaitingTimes;
beforeEach(() => {
  jest.useFakeTimers();
  times = createWaitingTimes();
});
afterEach(() => {
  jest.useRealTimers();
});

test("since it was first seen, until it waits no more", () => {
  expect(times.waited(WEB)).toBe(0);
  times.seen(WEB, true);
  jest.advanceTimersByTime(1_000);
  times.seen(WEB, true);
  jest.advanceTimersByTime(1_000);
  expect(times.waited(WEB)).toBe(2_000);
  times.seen(WEB, false);
  jest.advanceTimersByTime(1_000);
  expect(times.waited(WEB)).toBe(0);
});

test.each([
  ["an edit", { generation: 4 }],
  ["a policy that was created anew", { uid: "another" }],
  ["another policy", { name: "api" }],
])("%s has not waited yet", (_what, change) => {
  times.seen(WEB, true);
  jest.advanceTimersByTime(1_000);
  const other = { ...WEB, ...change };
  expect(times.waited(other)).toBe(0);
  times.seen(other, true);
  jest.advanceTimersByTime(500);
  expect(times.waited(other)).toBe(500);
});

test("a policy that is gone is forgotten", () => {
  times.seen(WEB, true);
  jest.advanceTimersByTime(1_000);
  times.forget("shop/web");
  expect(times.waited(WEB)).toBe(0);
});
