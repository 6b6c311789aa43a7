import { getEventListeners } from "node:events";
import { afterEach, beforeEach, expect, jest, test } from "@jest/globals";
import { createFirstResults, type FirstResults } from "./first-results.ts";

let awaits: boolean;
let asked: number;
let results: FirstResults;

beforeEach(() => {
  jest.useFakeTimers();
  awaits = true;
  asked = 0;
  results = createFirstResults(() => {
    asked += 1;
    return awaits;
  });
});
afterEach(() => {
  jest.useRealTimers();
});

/** Whether a wait has ended, once all that is due has run. */
async function ended(waiting: Promise<void>): Promise<boolean> {
  let done = false;
  void waiting.then(() => {
    done = true;
  });
  await Promise.resolve();
  await Promise.resolve();
  return done;
}

test("a wait ends with the change after which nothing is awaited, and leaves nothing behind", async () => {
  const { signal } = new AbortController();
  const waiting = results.wait(signal, 100);
  results.look();
  expect(await ended(waiting)).toBe(false);
  awaits = false;
  results.look();
  expect(await ended(waiting)).toBe(true);
  expect(jest.getTimerCount()).toBe(0);
  expect(getEventListeners(signal, "abort")).toHaveLength(0);
});

test("a wait ends at its deadline, and not before", async () => {
  const waiting = results.wait(new AbortController().signal, 100);
  jest.advanceTimersByTime(99);
  expect(await ended(waiting)).toBe(false);
  jest.advanceTimersByTime(1);
  expect(await ended(waiting)).toBe(true);
});

test("a wait ends when its client has gone, and is not looked at again", async () => {
  const client = new AbortController();
  const waiting = results.wait(client.signal, 100);
  client.abort();
  expect(await ended(waiting)).toBe(true);
  asked = 0;
  results.look();
  expect(asked).toBe(0);
  expect(jest.getTimerCount()).toBe(0);
});

test("no wait begins for a client that has gone, or where nothing is awaited", async () => {
  expect(await ended(results.wait(AbortSignal.abort(), 100))).toBe(true);
  awaits = false;
  expect(await ended(results.wait(new AbortController().signal, 100))).toBe(true);
  expect(jest.getTimerCount()).toBe(0);
});

test("one change lets go of all who wait", async () => {
  const waits = [1, 2, 3].map(() => results.wait(new AbortController().signal, 100));
  awaits = false;
  results.look();
  for (const waiting of waits) expect(await ended(waiting)).toBe(true);
});
