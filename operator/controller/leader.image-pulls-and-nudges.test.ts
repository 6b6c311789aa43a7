/** What a leader does about pods beside counting and asking them. */
import { afterEach, expect, jest, test } from "@jest/globals";
import { rawPolicy } from "../api/testing/policy.ts";
import { until } from "./kube/testing/fake-api-server.ts";
import {
  type LedCluster,
  openCluster,
  PODS,
  POLICIES,
  podsPath,
  STATUS,
} from "./testing/led-cluster.ts";

// Machines that run everything at once are slow; what is measured, is measured in the tests.
jest.setTimeout(30_000);

const NUDGED = `${podsPath("shop")}/web-1`;

let cluster: LedCluster;
afterEach(() => cluster.close());

/** A bound pod; `state` is that of our container. */
function bound(state: object, resourceVersion = "9"): object {
  const annotations = { "healthpolicy.dev/policy": "web", "healthpolicy.dev/revision": "r" };
  const metadata = {
    namespace: "shop",
    name: "web-1",
    uid: "uid-of-web-1",
    labels: { app: "web" },
  };
  const container = { name: "healthpolicy-sidecar", image: "sidecar:1" };
  return {
    metadata: { ...metadata, annotations, resourceVersion },
    spec: { restartPolicy: "Always", initContainers: [container] },
    status: { phase: "Pending", initContainerStatuses: [{ name: container.name, state }] },
  };
}

async function ledBy(nudge: boolean, act: () => Promise<void>): Promise<void> {
  cluster = await openCluster({ nudge });
  cluster.certify();
  cluster.world.pods = [bound({ running: {} })];
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

test("without the setting no pod is ever touched", async () => {
  await ledBy(false, async () => {
    cluster.send(POLICIES, "DELETED", rawPolicy());
    await until("the namespace is followed no more", () => !cluster.leader.pods()?.synced("shop"));
  });
  expect(cluster.writesOf(NUDGED)).toStrictEqual([]);
});

test("what the last leader stopped stays stopped, and goes on when a pod that waited has the image", async () => {
  const image =
    "The sidecar's image sidecar:1 cannot be pulled by nodes, so new pods start without it.";
  const condition = { type: "Programmed", status: "False", reason: "ImageNotPulled" };
  const lastTransitionTime = "2026-01-02T03:04:05Z";
  const stopped = { ...condition, message: image, observedGeneration: 3, lastTransitionTime };
  cluster = await openCluster();
  cluster.certify();
  cluster.world.policies = [{ ...rawPolicy(), status: { conditions: [stopped] } }];
  cluster.world.pods = [bound({ waiting: { reason: "ImagePullBackOff" } })];
  const controller = new AbortController();
  const leading = cluster.leader.lead(controller.signal);
  const programmed = () => {
    const { status } = (cluster.patched(STATUS)?.body ?? {}) as {
      status?: { conditions: { type: string; reason: string; message: string }[] };
    };
    return status?.conditions.find(({ type }) => type === "Programmed");
  };
  await until("the pod is named", () => programmed()?.message.includes("pod web-1 ") === true);
  expect(programmed()?.reason).toBe("ImageNotPulled");
  expect(cluster.leader.stoppedNamespaces()).toBe(1);
  cluster.send(PODS, "MODIFIED", bound({ running: {} }, "10"));
  await until("injection goes on", () => programmed()?.reason !== "ImageNotPulled");
  expect(cluster.leader.stoppedNamespaces()).toBe(0);
  controller.abort();
  await leading;
  expect(cluster.leader.stoppedNamespaces()).toBeUndefined();
});
