/**
 * Whatever fails, and in whatever order: no event is missed, none is told twice, and the cache is what the server has.
 */
import { expect, jest, test } from "@jest/globals";
import fc from "fast-check";
import { startFaultedWatch } from "./testing/faulted-watch.ts";
import { type Outcome, playFaults } from "./testing/play-faults.ts";
import { FAULTS, faultPlan } from "./testing/watch-faults.ts";

/** The same plans each time; `make bench-watches` plays others, and 10,000 faults. */
const SEED = 1;
const PLANS = 20;
const FAULTS_PER_PLAN = 40;

jest.setTimeout(120_000);

test("no event is missed or told twice, and the cache is the server's state, over hundreds of forced faults", async () => {
  const outcomes: Outcome[] = [];
  const forced = new Set<string>();
  await fc.assert(
    fc.asyncProperty(faultPlan(FAULTS_PER_PLAN), async (plan) => {
      const outcome = await playFaults(startFaultedWatch, plan);
      for (const { fault } of plan.steps) forced.add(fault);
      expect(outcome).toMatchObject({ missed: 0, left: 0, wrong: [], equal: true });
      expect(outcome.stuck).toBeUndefined();
      outcomes.push(outcome);
    }),
    { seed: SEED, numRuns: PLANS },
  );
  const sum = (of: (outcome: Outcome) => number) => outcomes.reduce((all, one) => all + of(one), 0);
  expect(forced.size).toBe(FAULTS.length);
  expect(sum(({ faults }) => faults)).toBeGreaterThan(300);
  // Most of what happens is told by itself: a client that read the whole collection each time would miss nothing
  // either.
  expect(sum(({ told }) => told)).toBeGreaterThan(sum(({ happened }) => happened) * 0.6);
});
