import { afterEach, beforeEach, expect, jest, test } from "@jest/globals";
import { createPacedWarning } from "./paced-warning.ts";

beforeEach(() => {
  jest.useFakeTimers();
});
afterEach(() => {
  jest.useRealTimers();
});

test("warns at once, and after a minute of all that it said nothing of", () => {
  const lines: unknown[] = [];
  const log = { warn: (...line: unknown[]) => lines.push(line) };
  const warn = createPacedWarning(log, "Events are lost");
  const first = new Error("first");
  const fourth = new Error("fourth");
  for (const error of [first, new Error("second"), new Error("third")]) warn(error);
  jest.advanceTimersByTime(60_000);
  warn(fourth);
  expect(lines).toEqual([
    [{ err: first, failed: 1 }, "Events are lost"],
    [{ err: fourth, failed: 3 }, "Events are lost"],
  ]);
});
