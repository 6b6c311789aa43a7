/** What a leader does where nodes cannot pull or start the sidecar, and takes over from the one before. */
import { afterEach, expect, jest, test } from "@jest/globals";
import { rawPolicy } from "../api/testing/policy.ts";
import { type Seen, until } from "./kube/testing/fake-api-server.ts";
import { fieldsAdded } from "./kube/testing/fields-added.ts";
import { boundPod } from "./testing/bound-pod.ts";
import { type LedCluster, openCluster, PODS, STATUS } from "./testing/led-cluster.ts";

// Machines that run everything at once are slow; what is measured, is measured in the tests.
jest.setTimeout(30_000);

let cluster: LedCluster;
afterEach(() => cluster.close());

interface Written {
  status?: { conditions: { type: string; reason: string; message: string }[] };
}

/** What a write of a status says of Programmed. */
function programmedIn(seen: Seen | undefined) {
  const { status } = fieldsAdded(seen?.body) as Written;
  return status?.conditions.find(({ type }) => type === "Programmed");
}

const programmed = () => programmedIn(cluster.patched(STATUS));

/** A policy `web` of the namespace, as the last leader has left it. */
function left(namespace: string, reason: string, message: string): object {
  const lastTransitionTime = "2026-01-02T03:04:05Z";
  const status = reason === "Programmed" ? "True" : "False";
  const condition = { type: "Programmed", status, reason, message };
  const conditions = [{ ...condition, observedGeneration: 3, lastTransitionTime }];
  return { ...rawPolicy({ namespace, uid: `uid-of-${namespace}` }), status: { conditions } };
}

const STOPPED =
  "The sidecar's image sidecar:1 cannot be pulled or started by nodes, so new pods of this namespace start without the sidecar.";

async function leading(act: () => Promise<void>): Promise<void> {
  cluster.certify();
  const controller = new AbortController();
  const ends = cluster.leader.lead(controller.signal);
  try {
    await act();
  } finally {
    controller.abort();
    await ends;
  }
}

test("what the last leader stopped stays stopped, and goes on when a pod that waited has the image", async () => {
  cluster = await openCluster();
  cluster.world.policies = [left("shop", "ImageNotPulled", STOPPED)];
  cluster.world.pods = [boundPod({ waiting: { reason: "ImagePullBackOff" } })];
  await leading(async () => {
    await until("the pod is named", () => programmed()?.message.includes("pod web-1 ") === true);
    expect(programmed()?.reason).toBe("ImageNotPulled");
    expect(cluster.leader.stoppedNamespaces()).toBe(1);
    cluster.send(PODS, "MODIFIED", boundPod({ running: {} }, "10"));
    await until("injection goes on", () => programmed()?.reason !== "ImageNotPulled");
    expect(cluster.leader.stoppedNamespaces()).toBe(0);
  });
  expect(cluster.leader.stoppedNamespaces()).toBeUndefined();
});

test("what was stopped as sidecars do not start stays so while one runs for a moment, and goes on when it lets its pod start", async () => {
  cluster = await openCluster();
  cluster.world.policies = [left("shop", "ImageNotPulled", STOPPED)];
  cluster.world.pods = [boundPod({ waiting: { reason: "CrashLoopBackOff" } })];
  await leading(async () => {
    await until("the pod is named", () => programmed()?.message.includes("pod web-1 ") === true);
    expect(programmed()?.message).toContain(STOPPED);
    cluster.send(PODS, "MODIFIED", boundPod({ running: {} }, "10"));
    // Longer than it takes the leader to look again.
    await new Promise((resolve) => setTimeout(resolve, 3_000));
    expect(cluster.leader.stoppedNamespaces()).toBe(1);
    cluster.send(PODS, "MODIFIED", boundPod({ running: {} }, "11", { running: {} }));
    await until("injection goes on", () => programmed()?.reason !== "ImageNotPulled");
    expect(cluster.leader.stoppedNamespaces()).toBe(0);
  });
});

test("two namespaces that the last leader stopped are not all, and nothing is written before the first look at the pods", async () => {
  cluster = await openCluster();
  const wiki = STATUS.replace("/shop/", "/wiki/");
  cluster.world.policies = [
    left("shop", "ImageNotPulled", STOPPED),
    left("blog", "ImageNotPulled", STOPPED),
    left("wiki", "Programmed", "A pod created now gets the sidecar."),
  ];
  cluster.world.pods = [boundPod({ waiting: { reason: "ImagePullBackOff" } })];
  await leading(async () => {
    await until("shop is written", () => programmed() !== undefined);
    await until("wiki is written", () => cluster.patched(wiki) !== undefined);
    expect(cluster.leader.stoppedNamespaces()).toBe(2);
  });
  // Written once: what the first look found is in it.
  expect(programmedIn(cluster.writesOf(STATUS)[0])?.message).toContain("pod web-1 ");
  expect(cluster.writesOf(wiki).map((seen) => programmedIn(seen)?.reason)).not.toContain(
    "ImageNotPulled",
  );
});

test("that nothing has started since injection went on is kept by a new leader until a pod has", async () => {
  cluster = await openCluster();
  const unproven =
    "Nodes could not pull or start the sidecar's image sidecar:1, and no new pod of this namespace has started with it yet: no pod is evicted before.";
  const message = `${unproven} A pod created now gets the sidecar.`;
  cluster.world.policies = [left("shop", "Programmed", message)];
  // It has started, and was there before.
  cluster.world.pods = [boundPod({ running: {} }, "9", { running: {} })];
  await leading(async () => {
    await until("the status is written", () => programmed() !== undefined);
    expect(programmed()?.message).toContain(unproven);
    const { metadata, ...rest } = boundPod({ running: {} }, "11", { running: {} }) as {
      metadata: object;
    };
    const since = { name: "web-2", uid: "uid-of-web-2", creationTimestamp: "2026-01-02T03:04:06Z" };
    cluster.send(PODS, "ADDED", { ...rest, metadata: { ...metadata, ...since } });
    await until("it is proven", () => programmed()?.message.includes(unproven) === false);
  });
});
