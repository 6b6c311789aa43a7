import { afterEach, beforeEach, expect, jest, test } from "@jest/globals";
import { rawPolicy } from "../api/testing/policy.ts";
import { until } from "./kube/testing/fake-api-server.ts";
import { fieldsAdded } from "./kube/testing/fields-added.ts";
import { type LedCluster, openCluster, POLICIES, STATUS, WEBHOOK } from "./testing/led-cluster.ts";

// Machines that run everything at once are slow; what is measured, is measured in the tests.
jest.setTimeout(30_000);

let cluster: LedCluster;
beforeEach(async () => {
  cluster = await openCluster();
});
afterEach(() => cluster.close());

test("a leader proves that API servers reach the webhook, and tells every policy when they do not", async () => {
  cluster.certify();
  const reasons = () => {
    const { status } = fieldsAdded(cluster.patched(STATUS)?.body) as {
      status?: { conditions: { reason: string }[] };
    };
    return status?.conditions.map(({ reason }) => reason);
  };
  const writes = () =>
    cluster.api.seen.filter(({ method, path }) => method === "PATCH" && path === WEBHOOK).length;
  expect(cluster.leader.webhookReach().state).toBe("unknown");
  const controller = new AbortController();
  const leading = cluster.leader.lead(controller.signal);
  await until("it is proven", () => cluster.leader.webhookReach().state === "reachable");
  expect(writes()).toBe(1);

  cluster.world.proofsAnswered = false;
  cluster.send(POLICIES, "ADDED", rawPolicy({ namespace: "bank", uid: "uid-of-bank" }));
  await until(
    "it is proven no more",
    () => cluster.leader.webhookReach().state === "unreachable",
    15_000,
  );
  await until("the policy says so", () => reasons()?.includes("WebhookUnreachable") === true);
  // One write for the new namespace, and one because the configuration may have been gone.
  expect(writes()).toBe(3);

  cluster.world.proofsAnswered = true;
  await until(
    "it is proven again",
    () => cluster.leader.webhookReach().state === "reachable",
    15_000,
  );
  await until("the policy says so", () => reasons()?.includes("WebhookUnreachable") === false);
  controller.abort();
  await leading;
  expect(cluster.leader.webhookReach().state).toBe("unknown");
});
