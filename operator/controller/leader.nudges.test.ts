/** What a leader does so that kubelets look at changed ConfigMaps at once. */
import { afterEach, expect, jest, test } from "@jest/globals";
import { rawPolicy } from "../api/testing/policy.ts";
import { until } from "./kube/testing/fake-api-server.ts";
import { boundPod } from "./testing/bound-pod.ts";
import { type LedCluster, openCluster, POLICIES, podsPath, STATUS } from "./testing/led-cluster.ts";

// Machines that run everything at once are slow; what is measured, is measured in the tests.
jest.setTimeout(30_000);

const NUDGED = `${podsPath("shop")}/web-1`;
const OWN = `${podsPath("system")}/operator-1`;

let cluster: LedCluster;
afterEach(() => cluster.close());

async function ledBy(nudge: boolean, act: () => Promise<void>): Promise<void> {
  cluster = await openCluster({ nudge });
  cluster.certify();
  cluster.world.pods = [boundPod({ running: {} })];
  const controller = new AbortController();
  const leading = cluster.leader.lead(controller.signal);
  await until("the pods are known", () => cluster.leader.pods()?.synced("shop") === true);
  await until("the status is written", () => cluster.patched(STATUS) !== undefined);
  await act();
  controller.abort();
  await leading;
}

test("a deleted policy's pods are told when its ConfigMap is gone, though their namespace is followed no more", async () => {
  await ledBy(true, async () => {
    cluster.send(POLICIES, "DELETED", rawPolicy());
    await until("the pod is told", () => cluster.patched(NUDGED)?.body !== undefined);
    expect(cluster.patched(NUDGED)?.body).toStrictEqual({
      metadata: { uid: "uid-of-web-1", annotations: { "healthpolicy.dev/nudge": "deleted" } },
    });
  });
});

test("whether the API server refuses more than a nudge is tried on the operator's own pod", async () => {
  await ledBy(true, async () => {
    await until("it is known", () => cluster.leader.nudgeBound() === "unbounded");
    expect(cluster.leader.nudges().get("refused")).toBe(0);
  });
  expect(cluster.patched(OWN)?.query.get("dryRun")).toBe("All");
  expect(cluster.leader.nudgeBound()).toBeUndefined();
});

test("without the setting no pod is ever touched", async () => {
  await ledBy(false, async () => {
    cluster.send(POLICIES, "DELETED", rawPolicy());
    await until("the namespace is followed no more", () => !cluster.leader.pods()?.synced("shop"));
  });
  expect([NUDGED, OWN].flatMap((path) => cluster.writesOf(path))).toStrictEqual([]);
  expect([...cluster.leader.nudges()]).toStrictEqual([]);
});
