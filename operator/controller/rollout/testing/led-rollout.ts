/** For tests: the rollout of the policy shop/web, with stand-ins for all that it looks at and asks. */
import { jest } from "@jest/globals";
import type { ServiceRecord } from "../../../api/circular-dependency.ts";
import { rawPolicy } from "../../../api/testing/policy.ts";
import type { HealthPolicyStatus } from "../../../api/v1alpha1-status.ts";
import type { EventToRecord } from "../../events/event-object.ts";
import type { KubeObject } from "../../kube/kube-object.ts";
import type { PodRecord } from "../../pods/pod-record.ts";
import { createPolicyIndex, type PolicyRecord, projectPolicy } from "../../policy/policy-cache.ts";
import { createRollouts } from "../rollouts.ts";
import { pod } from "./rollout-facts.ts";

const NAME = { namespace: "shop", name: "web" };

/** Accepted and programmed. */
export const IN_FORCE: HealthPolicyStatus = {
  observedGeneration: 3,
  conditions: ["Accepted", "Programmed"].map((type) => ({
    type,
    status: "True" as const,
    reason: type,
    message: "",
    observedGeneration: 3,
    lastTransitionTime: "2026-01-01T00:00:00Z",
  })),
};

/** Three pods that predate the policy; it is in force, the webhook answers, and it is always the policy's turn. */
export function openRollout() {
  const index = createPolicyIndex(() => []);
  const world = {
    record: undefined as PolicyRecord | undefined,
    pods: [pod("web-1"), pod("web-2"), pod("web-3")] as PodRecord[],
    synced: true,
    webhookAnswers: true,
    turn: true,
    /** Another policy takes the turn while sidecars are asked. */
    turnIsLost: false,
    services: [] as ServiceRecord[],
    sidecarSays: undefined as string | undefined,
    /** What the API server answers to an eviction: nothing, or an error. */
    refusal: undefined as Error | undefined,
    asked: 0,
    /** Sidecars do not answer. */
    silent: false,
    /** There is work on it already. */
    woken: false,
    givenBack: 0,
    changes: 0,
    evicted: [] as { path: string; uid: string }[],
    results: [] as string[],
    events: [] as EventToRecord[],
  };

  function cachePolicy(spec: object = {}, metadata: object = {}, status = IN_FORCE): void {
    const object = { ...rawPolicy(metadata, { rollout: "Restart", ...spec }), status };
    const now = projectPolicy(object as unknown as KubeObject) as PolicyRecord;
    const old = world.record;
    world.record = now;
    index.update({ key: "shop/web", ...(old && { old }), now });
  }

  const newLeader = () =>
    createRollouts({
      client: {
        request: async <T>({ path, body }: { path: string; body?: unknown }) => {
          const { deleteOptions } = body as { deleteOptions: { preconditions: { uid: string } } };
          world.evicted.push({ path, uid: deleteOptions.preconditions.uid });
          if (world.refusal) throw world.refusal;
          return {} as T;
        },
      },
      caches: {
        policies: { get: () => world.record } as never,
        index,
        service: ({ name }) => world.services.find((service) => service.name === name),
      },
      pods: {
        pods: () => world.pods.filter(({ terminating }) => !terminating),
        terminating: () => world.pods.filter(({ terminating }) => terminating),
        synced: () => world.synced,
      },
      namespace: "system",
      evictionsPerMinute: 10,
      pace: {
        wait: () => (world.turn ? 0 : 4_000),
        take: () => {
          if (world.turnIsLost) world.turn = false;
          return world.turn;
        },
        giveBack: () => {
          world.givenBack += 1;
        },
      },
      isImageUnproven: () => false,
      webhookReach: () => ({ state: "reachable" }),
      webhookAnswers: async () => world.webhookAnswers,
      ask: async () => {
        world.asked += 1;
        if (world.silent) await new Promise((resolve) => setTimeout(resolve, 1_000));
        return world.sidecarSays;
      },
      events: { record: (event) => world.events.push(event) },
      onEviction: (result) => world.results.push(result),
      onChange: () => {
        world.changes += 1;
      },
      onWork: () => {
        world.woken = true;
      },
      log: { info: () => {}, warn: () => {} } as never,
    });
  let rollouts = newLeader();
  cachePolicy();

  /** Works on it, and once more with what was answered at once. */
  async function work(): Promise<number | undefined> {
    world.woken = false;
    const again = await rollouts.work(NAME);
    await jest.advanceTimersByTimeAsync(0);
    return world.woken ? work() : again;
  }

  /** Writes the status, as the reconciler and our own watch do. */
  function echo(): void {
    const record = world.record as PolicyRecord;
    const rollout = rollouts.status(record);
    world.record = { ...record, status: { ...record.status, ...(rollout && { rollout }) } };
  }

  /** Every replica has heard of the last change. */
  function settle(): void {
    jest.advanceTimersByTime(5_000);
  }

  return {
    world,
    cachePolicy,
    work,
    echo,
    settle,
    concern: () => rollouts.concern(NAME),
    stop: () => rollouts.stop(),
    status: () => rollouts.status(world.record as PolicyRecord),

    /** Another replica leads from now on. */
    takeOver: (): void => {
      rollouts = newLeader();
    },

    /** Up to the moment at which the pod is evicted, if nothing speaks against it. */
    evictOne: async (): Promise<void> => {
      await work();
      settle();
      await work();
      echo();
      await work();
    },
  };
}

export type LedRollout = ReturnType<typeof openRollout>;
