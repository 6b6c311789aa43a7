/** What the leader does about a rollout, step by step. */
import { afterEach, beforeEach, describe, expect, jest, test } from "@jest/globals";
import { ApiError } from "../kube/api-error.ts";
import type { PodRecord } from "../pods/pod-record.ts";
import { IN_FORCE, type LedRollout, openRollout } from "./testing/led-rollout.ts";
import { currentPod, pod, runningPod } from "./testing/rollout-facts.ts";

let rollout: LedRollout;

beforeEach(() => {
  jest.useFakeTimers();
  rollout = openRollout();
});

afterEach(() => {
  jest.useRealTimers();
});

/** These are the pods once the evicted one was replaced, and the new one has stayed ready for long enough. */
async function replaced(...pods: PodRecord[]): Promise<void> {
  rollout.world.pods = pods;
  expect(await rollout.work()).toBe(1_000);
  expect(rollout.status()?.message).toMatch(/its new pod has to stay ready for 16s/);
  jest.advanceTimersByTime(16_000);
}

const refusal = (code: number, message: string) =>
  new ApiError("evicting", { code, body: JSON.stringify({ reason: "Because", message }) });

describe("one pod after the other", () => {
  test("first the status says so, then the pod is evicted, once", async () => {
    await rollout.work();
    expect(rollout.status()?.message).toBe("Waits a moment: the policy has just changed.");
    rollout.settle();
    await rollout.work();
    expect(rollout.status()).toMatchObject({
      message: "Evicts pod web-1 of Deployment/web.",
      evicting: { pod: "web-1", uid: "uid-of-web-1", pods: 3, current: 0 },
    });
    await rollout.work();
    expect(rollout.world.evicted).toEqual([]);
    rollout.echo();
    await rollout.work();
    const path = "/api/v1/namespaces/shop/pods/web-1/eviction";
    expect(rollout.world.evicted).toEqual([{ path, uid: "uid-of-web-1" }]);
    expect(rollout.world.results).toEqual(["evicted"]);
    expect(rollout.world.events).toMatchObject([
      {
        regarding: { kind: "HealthPolicy", namespace: "shop", name: "web" },
        type: "Normal",
        reason: "PodEvicted",
        message: "Pod web-1 of Deployment/web: it has no sidecar.",
      },
    ]);
    await rollout.work();
    expect(rollout.status()?.message).toBe("Waits for Deployment/web: pod web-1 is being deleted.");
    expect(rollout.world.evicted).toHaveLength(1);
  });

  test("the next one goes when the new pod is ready and says that all is up", async () => {
    await rollout.evictOne();
    await replaced(runningPod("web-9"), pod("web-2"), pod("web-3"));
    const down = { name: "orders-db", gating: true, up: false, reason: "ConnectTimeout" };
    rollout.world.sidecarSays = JSON.stringify({ policy: "web", dependencies: [down] });
    expect(await rollout.work()).toBe(10_000);
    expect(rollout.status()?.message).toBe(
      "Waits: orders-db is down (ConnectTimeout), as pod web-9 says.",
    );
    rollout.world.sidecarSays = JSON.stringify({ policy: "web", dependencies: [] });
    const { asked } = rollout.world;
    expect(await rollout.work()).toBe(10_000);
    expect(rollout.world.asked).toBe(asked);
    jest.advanceTimersByTime(10_000);
    await rollout.work();
    expect(rollout.status()).toMatchObject({ evicting: { pod: "web-2", current: 1 } });
  });

  test("when all are as the policy asks, nothing is said any more", async () => {
    await rollout.evictOne();
    await replaced(...["web-7", "web-8", "web-9"].map((name) => currentPod(name)));
    expect(await rollout.work()).toBeUndefined();
    expect(rollout.status()).toBeUndefined();
  });

  test("a workload that is scaled down meanwhile does not end it", async () => {
    await rollout.evictOne();
    rollout.world.pods = [currentPod("web-9", { ready: false }), pod("web-2"), pod("web-3")];
    await rollout.work();
    rollout.world.pods = [pod("web-2"), pod("web-3")];
    await rollout.work();
    expect(rollout.status()?.message).toBe("Waits for Deployment/web: 2 of 3 pods are there.");
    jest.advanceTimersByTime(30_000);
    await rollout.work();
    expect(rollout.status()).toMatchObject({ evicting: { pod: "web-2", pods: 2 } });
  });

  test("the status is told of a change, and of nothing else", async () => {
    await rollout.work();
    await rollout.work();
    expect(rollout.world.changes).toBe(1);
  });
});

describe("it waits", () => {
  test("until the webhook answers", async () => {
    rollout.world.webhookAnswers = false;
    await rollout.evictOne();
    expect(rollout.world.evicted).toEqual([]);
    expect(rollout.status()?.message).toBe(
      "Waits until the operator's webhook answers: new pods would get no sidecar.",
    );
  });

  test("for sidecars that do not answer, and its queue's worker does not", async () => {
    await rollout.evictOne();
    await replaced(runningPod("web-9"), pod("web-2"), pod("web-3"));
    rollout.world.silent = true;
    const before = performance.now();
    expect(await rollout.work()).toBe(1_000);
    expect(performance.now()).toBe(before);
    expect(rollout.status()?.message).toBe("Asks the sidecars.");
    await rollout.work();
    expect(rollout.world.asked).toBe(1);
    await jest.advanceTimersByTimeAsync(1_000);
    expect(rollout.world.woken).toBe(true);
    expect(await rollout.work()).toBe(10_000);
    expect(rollout.status()?.message).toBe(
      "Waits: the sidecar of pod web-9 does not say how the dependencies are.",
    );
  });

  test("for no answer once the leader stops", async () => {
    rollout.world.pods.push(runningPod("web-9"));
    rollout.world.silent = true;
    await rollout.work();
    rollout.settle();
    await rollout.work();
    const stopped = rollout.stop();
    await jest.advanceTimersByTimeAsync(1_000);
    await stopped;
    expect([rollout.world.asked, rollout.world.woken]).toEqual([1, false]);
  });

  test("for its turn, and asks nobody before", async () => {
    rollout.world.turn = false;
    rollout.world.pods.push(currentPod("web-4"));
    await rollout.work();
    rollout.settle();
    expect(await rollout.work()).toBe(4_000);
    expect(rollout.status()?.message).toBe(
      "Waits for its turn: at most 10 pods a minute are evicted in the whole cluster.",
    );
    expect(rollout.world.asked).toBe(0);
  });

  test("for its turn once more, where another policy took it meanwhile", async () => {
    rollout.world.turnIsLost = true;
    await rollout.evictOne();
    expect(rollout.world.evicted).toEqual([]);
    expect(rollout.status()?.message).toMatch(/^Waits for its turn/);
  });

  test("for a pod that is being deleted", async () => {
    rollout.world.pods.push(currentPod("web-4", { terminating: true }));
    await rollout.work();
    expect(rollout.status()?.message).toBe("Waits for Deployment/web: pod web-4 is being deleted.");
  });

  test.each(["Accepted", "Programmed"])("until the policy is %s", async (type) => {
    const conditions = IN_FORCE.conditions?.map((one) =>
      one.type === type ? { ...one, status: "False" as const } : one,
    );
    rollout.cachePolicy({}, {}, { ...IN_FORCE, conditions });
    await rollout.work();
    expect(rollout.status()?.message).toBe("Waits until the policy is accepted and programmed.");
  });

  test("for nothing, where the pods are behind a host of the policy: they get no sidecar", async () => {
    const service = {
      namespace: "shop",
      name: "orders-db",
      selector: { app: "web" },
      headless: false,
    };
    rollout.world.services.push(service);
    expect(await rollout.work()).toBeUndefined();
    expect(rollout.status()).toBeUndefined();
  });

  test("after a refusal by a budget, and then tries again", async () => {
    rollout.world.refusal = refusal(429, "it would violate the pod's disruption budget");
    await rollout.evictOne();
    expect(rollout.world.results).toEqual(["budget"]);
    expect(rollout.world.givenBack).toBe(1);
    await rollout.work();
    expect(rollout.status()).toEqual({
      message: "Waits: a PodDisruptionBudget allows no eviction in Deployment/web.",
    });
    expect(rollout.world.events).toEqual([]);
    await rollout.evictOne();
    expect(rollout.world.results).toEqual(["budget", "budget"]);
  });

  test("after an error, which the API server's words do not leave", async () => {
    rollout.world.refusal = refusal(403, "secret words");
    await rollout.evictOne();
    await rollout.work();
    expect(rollout.world.results).toEqual(["failed"]);
    expect(rollout.world.givenBack).toBe(1);
    expect(rollout.status()?.message).toBe(
      "Waits: the API server answered 403 Because in Deployment/web.",
    );
  });

  test("what was decided is decided again when the status was not written for 10 s", async () => {
    await rollout.work();
    rollout.settle();
    await rollout.work();
    jest.advanceTimersByTime(10_000);
    rollout.echo();
    await rollout.work();
    expect(rollout.world.evicted).toEqual([]);
  });
});

describe("the policy", () => {
  test("with Manual has no rollout, and what was said of one goes", async () => {
    await rollout.work();
    expect(rollout.concern()).toBe(true);
    rollout.cachePolicy({ rollout: "Manual" });
    expect(rollout.status()).toBeUndefined();
    await rollout.work();
    expect(rollout.concern()).toBe(false);
  });

  test("is tried again everywhere once it was edited", async () => {
    rollout.world.refusal = refusal(429, "disruption budget");
    await rollout.evictOne();
    await rollout.work();
    expect(rollout.status()?.message).toContain("PodDisruptionBudget");
    rollout.cachePolicy({}, { generation: 4 });
    await rollout.work();
    expect(rollout.status()?.message).not.toContain("PodDisruptionBudget");
  });

  test("of the same name and another uid begins anew", async () => {
    await rollout.evictOne();
    rollout.cachePolicy({}, { uid: "another" });
    expect(rollout.status()).toBeUndefined();
    await rollout.work();
    expect(rollout.status()?.message).toBe("Waits a moment: the policy has just changed.");
  });
});
