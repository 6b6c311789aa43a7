/** What a leader does about a rollout that the one before it has begun. */
import { afterEach, beforeEach, describe, expect, jest, test } from "@jest/globals";
import { type LedRollout, openRollout } from "./testing/led-rollout.ts";
import { currentPod, pod, runningPod } from "./testing/rollout-facts.ts";

let rollout: LedRollout;

beforeEach(() => {
  jest.useFakeTimers();
  rollout = openRollout();
});

afterEach(() => {
  jest.useRealTimers();
});

describe("another leader", () => {
  test("goes on from the status, and does not evict a second pod", async () => {
    await rollout.evictOne();
    rollout.echo();
    rollout.takeOver();
    rollout.world.pods = [pod("web-2"), pod("web-3")];
    rollout.settle();
    await rollout.work();
    expect(rollout.status()?.message).toBe("Waits for Deployment/web: 2 of 3 pods are there.");
    expect(rollout.world.evicted).toHaveLength(1);
  });

  test("leaves the workload alone after 10 minutes, and tells so once", async () => {
    await rollout.evictOne();
    rollout.echo();
    rollout.takeOver();
    rollout.world.pods = [pod("web-2"), pod("web-3")];
    await rollout.work();
    jest.advanceTimersByTime(600_001);
    await rollout.work();
    await rollout.work();
    expect(rollout.status()).toMatchObject({ stopped: ["Deployment/web"] });
    const warnings = rollout.world.events.filter(({ reason }) => reason === "RolloutStopped");
    expect(warnings).toHaveLength(1);
    rollout.echo();
    rollout.takeOver();
    await rollout.work();
    expect(rollout.status()).toMatchObject({ stopped: ["Deployment/web"] });
  });

  test("has a new pod stay ready anew", async () => {
    await rollout.evictOne();
    rollout.world.pods = [currentPod("web-9"), pod("web-2"), pod("web-3")];
    await rollout.work();
    expect(rollout.status()?.message).toMatch(/its new pod has to stay ready for 16s/);
    jest.advanceTimersByTime(16_000);
    rollout.echo();
    rollout.takeOver();
    rollout.settle();
    await rollout.work();
    expect(rollout.status()?.message).toMatch(/its new pod has to stay ready for 16s/);
  });

  test("tries a workload again that it finds left alone, once a pod there is as the policy asks", async () => {
    await rollout.evictOne();
    rollout.world.pods = [pod("web-8"), pod("web-2"), pod("web-3")];
    await rollout.work();
    rollout.echo();
    rollout.takeOver();
    await rollout.work();
    expect(rollout.status()).toMatchObject({ stopped: ["Deployment/web"] });
    rollout.world.pods.push(runningPod("web-9"));
    rollout.world.sidecarSays = JSON.stringify({ policy: "web", dependencies: [] });
    rollout.settle();
    await rollout.work();
    expect(rollout.status()).toMatchObject({ evicting: { pod: "web-2" } });
  });

  test("says what the last one said until it has looked", async () => {
    await rollout.work();
    rollout.echo();
    rollout.takeOver();
    expect(rollout.status()?.message).toBe("Waits a moment: the policy has just changed.");
  });

  test("does nothing before it knows the pods", async () => {
    rollout.world.synced = false;
    expect(await rollout.work()).toBeUndefined();
    expect(rollout.world.changes).toBe(0);
  });
});
