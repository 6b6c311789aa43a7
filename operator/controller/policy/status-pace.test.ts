import { afterEach, beforeEach, describe, expect, jest, test } from "@jest/globals";
import {
  COUNTS_MILLISECONDS,
  createStatusPace,
  NAMESPACE_WRITES_PER_SECOND,
  STATUS_WRITES_BURST,
  STATUS_WRITES_PER_SECOND,
  type StatusPace,
} from "./status-pace.ts";

const INTERVAL = 1_000 / STATUS_WRITES_PER_SECOND;
/** For how long a namespace is busy. */
const SECONDS = 20;

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

/** Uses up what time has given back since. */
function drainAgain(urgency: "condition" | "counts"): void {
  for (let policy = 0; pace.wait(`again-${performance.now()}/${policy}`, urgency) === 0; ) {
    policy += 1;
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

/** Policies of one namespace that all have something to say, all the time; each asks when it was told to. */
function createBusyNamespace(urgency: "condition" | "counts") {
  const due = new Map(Array.from({ length: 600 }, (_, index) => [`many/${index}`, 0]));
  let writes = 0;
  return {
    writes: () => writes,
    ask: (now: number) => {
      for (const [key, at] of due) {
        const wait = at > now ? at - now : pace.wait(key, urgency);
        if (wait === 0) writes += 1;
        due.set(key, now + wait);
      }
    },
  };
}

test.each(["condition", "counts"] as const)(
  "a namespace with many policies has half of the turns, and delays no %s of others",
  (urgency) => {
    const busy = createBusyNamespace(urgency);
    const waits: number[] = [];
    for (let passed = 0; passed < SECONDS * 1_000; passed += 10) {
      busy.ask(passed);
      if (passed % 1_000 === 500) waits.push(pace.wait(`other-${passed}/a`, urgency));
      jest.advanceTimersByTime(10);
    }
    const fair = STATUS_WRITES_BURST + NAMESPACE_WRITES_PER_SECOND * SECONDS;
    expect(busy.writes()).toBeGreaterThan(fair - NAMESPACE_WRITES_PER_SECOND);
    expect(busy.writes()).toBeLessThanOrEqual(fair);
    expect(Math.max(...waits)).toBeLessThanOrEqual(2 * INTERVAL);
  },
);

test("a namespace whose policies come and go has no burst for each", () => {
  for (let made = 0; made < 2 * STATUS_WRITES_BURST; made += 1) {
    pace.wait(`many/${made}`, "condition");
    pace.forget(`many/${made}`);
  }
  expect(pace.wait("many/one-more", "condition")).toBeGreaterThan(4_000);
  jest.advanceTimersByTime(60_000);
  expect(pace.wait("other/a", "condition")).toBe(0);
  expect(pace.wait("many/later", "condition")).toBe(0);
});

describe("a turn that was left", () => {
  beforeEach(() => {
    drain("condition");
    expect(pace.wait("a", "condition")).toBeCloseTo(INTERVAL);
    pace.leave("a");
  });
  /** What the policy is told when so much time has passed and others have taken all turns. */
  const waitAfter = (milliseconds: number) => {
    jest.advanceTimersByTime(milliseconds);
    drainAgain("condition");
    return pace.wait("a", "condition");
  };

  test("is the policy's for a while", () => {
    expect(waitAfter(INTERVAL + 4_999)).toBe(0);
  });

  test("and then lost", () => {
    expect(waitAfter(INTERVAL + 5_001)).toBeGreaterThan(0);
  });

  test("and is kept once it is needed again", () => {
    expect(pace.wait("a", "condition")).toBeCloseTo(INTERVAL);
    expect(waitAfter(60_000)).toBe(0);
  });
});

test("policies whose statuses change and change back keep no other waiting for longer than their own number", () => {
  const flipping = Array.from({ length: 500 }, (_, index) => `many-${index % 50}/${index}`);
  for (let passed = 0; passed < 120; passed += 5) {
    for (const key of flipping) {
      if (passed % 10 === 0) pace.wait(key, "condition");
      else pace.leave(key);
    }
    jest.advanceTimersByTime(5_000);
  }
  expect(pace.wait("other/a", "condition")).toBeLessThanOrEqual(500 * INTERVAL);
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
