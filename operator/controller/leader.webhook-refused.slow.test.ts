/** What a leader says while the API server refuses its webhook configuration, by a narrowed right or a policy. */
import { afterEach, beforeEach, expect, jest, test } from "@jest/globals";
import { until } from "./kube/testing/fake-api-server.ts";
import { fieldsAdded } from "./kube/testing/fields-added.ts";
import { type LedCluster, openCluster, STATUS, WEBHOOK } from "./testing/led-cluster.ts";

// Machines that run everything at once are slow; what is measured, is measured in the tests.
jest.setTimeout(30_000);

let cluster: LedCluster;
let controller: AbortController;
let leading: Promise<void> | undefined;
beforeEach(async () => {
  cluster = await openCluster();
  cluster.certify();
  cluster.world.forbids = ({ method, path }) => method === "PATCH" && path === WEBHOOK;
  controller = new AbortController();
});
afterEach(async () => {
  controller.abort();
  await leading;
  await cluster.close();
});

interface Condition {
  type: string;
  reason: string;
  message: string;
}

/** What the policy's last status says of Programmed. */
function programmed(): Condition | undefined {
  const { status } = fieldsAdded(cluster.patched(STATUS)?.body) as {
    status?: { conditions: Condition[] };
  };
  return status?.conditions.find(({ type }) => type === "Programmed");
}

test("it proves all the same, and policies say within a minute that no pod gets a sidecar, and why", async () => {
  cluster.world.proofsAnswered = false;
  leading = cluster.leader.lead(controller.signal);
  const reach = () => cluster.leader.webhookReach().state;
  await until("it is known", () => reach() === "unreachable", 15_000);
  await until("the policy says so", () => programmed()?.reason === "WebhookUnreachable");
  expect(programmed()?.message).toContain(
    "MutatingWebhookConfiguration healthpolicy could not be written: the API server answered 403 Forbidden.",
  );
});

test("where one from before goes on calling the webhook, the policy in a new namespace says what it waits for", async () => {
  leading = cluster.leader.lead(controller.signal);
  await until("it is known", () => cluster.leader.webhookReach().state === "reachable");
  const message =
    "The webhook configuration could not be written: the API server answered 403 Forbidden.";
  await until("the policy says so", () => programmed()?.message === message);

  cluster.world.forbids = () => false;
  await until("it is written", () => programmed()?.message !== message, 15_000);
  expect(programmed()?.message).not.toContain("403");
});
