/** A workload that is scaled between the status that says which pod goes and the eviction. */
import { afterEach, beforeEach, expect, jest, test } from "@jest/globals";
import { type LedRollout, openRollout } from "./testing/led-rollout.ts";
import { pod, runningPod } from "./testing/rollout-facts.ts";

let rollout: LedRollout;

beforeEach(() => {
  jest.useFakeTimers();
  rollout = openRollout();
});

afterEach(() => {
  jest.useRealTimers();
});

test("the status is written again, in the same turn, and the successor is not missed", async () => {
  const { world, work, echo, status, settle } = rollout;
  world.sidecarSays = JSON.stringify({ policy: "web", dependencies: [] });
  world.pods = [pod("web-1"), pod("web-2"), runningPod("web-8"), runningPod("web-9")];
  await work();
  settle();
  await work();
  expect(status()).toMatchObject({ evicting: { pod: "web-1", pods: 4, current: 2 } });

  world.pods.pop();
  world.turn = false;
  echo();
  await work();
  expect(world.evicted).toEqual([]);
  expect(status()).toMatchObject({ evicting: { pod: "web-1", pods: 3, current: 1 } });
  echo();
  await work();
  expect(world.evicted).toHaveLength(1);

  world.pods = [pod("web-2"), runningPod("web-8"), runningPod("web-10")];
  await work();
  jest.advanceTimersByTime(16_000);
  await work();
  expect(status()?.message).toMatch(/^Waits for its turn/);
});
