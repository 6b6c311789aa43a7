import { afterEach, beforeEach, expect, jest, test } from "@jest/globals";
import {
  COUNTS_MILLISECONDS,
  createStatusPace,
  STATUS_WRITES_BURST,
  STATUS_WRITES_PER_SECOND,
  type StatusPace,
} from "./status-pace.ts";

const INTERVAL = 1_000 / STATUS_WRITES_PER_SECOND;

let pace: StatusPace;

beforeEach(() => {
  jest.useFakeTimers();
  pace = createStatusPace();
});

afterEach(() => {
  jest.useRealTimers();
});

/** Uses up the burst of one of the buckets. */
function drain(urgency: "condition" | "counts"): void {
  for (let policy = 0; policy < STATUS_WRITES_BURST; policy += 1) {
    expect(pace.wait(`drain/${urgency}-${policy}`, urgency)).toBe(0);
  }
}

test("counts of one policy have a turn every 5 s, conditions at once", () => {
  expect(pace.wait("a", "counts")).toBe(0);
  jest.advanceTimersByTime(2_000);
  expect(pace.wait("a", "counts")).toBeCloseTo(COUNTS_MILLISECONDS - 2_000);
  expect(pace.wait("a", "condition")).toBe(0);
  // Counts travel with the condition, so their time starts anew.
  expect(pace.wait("a", "counts")).toBeCloseTo(COUNTS_MILLISECONDS);
  jest.advanceTimersByTime(COUNTS_MILLISECONDS);
  expect(pace.wait("a", "counts")).toBe(0);
});

test("policies beyond the burst get one turn after the other, whoever asks most", () => {
  drain("counts");
  expect(pace.wait("busy", "counts")).toBeCloseTo(INTERVAL);
  for (let time = 0; time < 100; time += 1) pace.wait("busy", "counts");
  expect(pace.wait("quiet", "counts")).toBeCloseTo(2 * INTERVAL);
  jest.advanceTimersByTime(2 * INTERVAL);
  expect(pace.wait("quiet", "counts")).toBe(0);
});

test("a storm of counts does not delay a condition, not even of a policy that waits with its counts", () => {
  drain("counts");
  expect(pace.wait("a", "counts")).toBeGreaterThan(0);
  expect(pace.wait("a", "condition")).toBe(0);
});

test("conditions are bounded too, and what waits for a condition's turn keeps it", () => {
  drain("condition");
  expect(pace.wait("a", "condition")).toBeCloseTo(INTERVAL);
  expect(pace.wait("a", "condition")).toBeCloseTo(INTERVAL);
  // The condition is as it was; what is left are counts, on the turn that is held already.
  jest.advanceTimersByTime(INTERVAL);
  expect(pace.wait("a", "counts")).toBe(0);
});

test("a turn is good for one write", () => {
  expect(pace.wait("a", "counts")).toBe(0);
  jest.advanceTimersByTime(COUNTS_MILLISECONDS);
  drain("counts");
  expect(pace.wait("a", "counts")).toBeCloseTo(INTERVAL);
});

test("a policy that is gone holds nothing", () => {
  expect(pace.wait("a", "counts")).toBe(0);
  pace.forget("a");
  expect(pace.wait("a", "counts")).toBe(0);
  drain("condition");
  expect(pace.wait("b", "condition")).toBeCloseTo(INTERVAL);
  pace.forget("b");
  expect(pace.wait("b", "condition")).toBeCloseTo(2 * INTERVAL);
});
