import { getEventListeners } from "node:events";
import { afterEach, beforeEach, describe, expect, jest, test } from "@jest/globals";
import { abortError, limitSignal, raceAbort } from "./abort.ts";
import { CheckError } from "./check.ts";

const listeners = (signal: AbortSignal) => getEventListeners(signal, "abort").length;

describe("limitSignal", () => {
  const LIMIT = { milliseconds: 100, reason: "ConnectTimeout" } as const;
  let parent: AbortController;
  beforeEach(() => {
    jest.useFakeTimers();
    parent = new AbortController();
  });
  afterEach(() => {
    jest.useRealTimers();
  });

  test("fires after its time with its reason", () => {
    const { signal } = limitSignal(parent.signal, LIMIT);
    jest.advanceTimersByTime(99);
    expect(signal.aborted).toBe(false);
    jest.advanceTimersByTime(1);
    expect(signal.reason).toMatchObject({ name: "CheckError", reason: "ConnectTimeout" });
  });

  test("fires with its parent, as the check's own deadline", () => {
    const { signal } = limitSignal(parent.signal, LIMIT);
    parent.abort(new Error("hunter2"));
    expect(signal.reason).toMatchObject({ reason: "CheckTimeout", message: "CheckTimeout" });
  });

  test("fires at once where the parent has fired already", () => {
    parent.abort();
    expect(limitSignal(parent.signal, LIMIT).signal.reason).toMatchObject({
      reason: "CheckTimeout",
    });
  });

  test("no time at all is not for ever", () => {
    const { signal } = limitSignal(parent.signal, { ...LIMIT, milliseconds: -5 });
    jest.advanceTimersByTime(1);
    expect(signal.aborted).toBe(true);
  });

  test("leaves neither timer nor listener once it is cleared", () => {
    const limit = limitSignal(parent.signal, LIMIT);
    expect([jest.getTimerCount(), listeners(parent.signal)]).toStrictEqual([1, 1]);
    limit.clear();
    expect([jest.getTimerCount(), listeners(parent.signal)]).toStrictEqual([0, 0]);
    parent.abort();
    jest.advanceTimersByTime(1_000);
    expect(limit.signal.aborted).toBe(false);
  });
});

describe("raceAbort", () => {
  let controller: AbortController;
  beforeEach(() => {
    controller = new AbortController();
  });
  afterEach(() => {
    expect(listeners(controller.signal)).toBe(0);
  });

  test("settles as the promise does", async () => {
    await expect(raceAbort(Promise.resolve(7), controller.signal)).resolves.toBe(7);
    const failure = new Error("x");
    await expect(raceAbort(Promise.reject(failure), controller.signal)).rejects.toBe(failure);
  });

  test("ends with the signal, and what comes later is nobody's", async () => {
    let fail = (_: Error) => {};
    const promise = new Promise<never>((_, reject) => {
      fail = reject;
    });
    const race = raceAbort(promise, controller.signal);
    controller.abort(new CheckError("ConnectTimeout"));
    await expect(race).rejects.toMatchObject({ reason: "ConnectTimeout" });
    fail(new Error("late"));
    await new Promise(setImmediate);
  });

  test("ends at once where the signal has fired already", async () => {
    controller.abort();
    const race = raceAbort(new Promise(() => {}), controller.signal);
    await expect(race).rejects.toMatchObject({ reason: "CheckTimeout" });
  });
});

test("a signal that fired for a reason of its own is the check's deadline", () => {
  expect(abortError(AbortSignal.abort("stopped"))).toMatchObject({ reason: "CheckTimeout" });
  const known = new CheckError("ResolverFailed");
  expect(abortError(AbortSignal.abort(known))).toBe(known);
});
