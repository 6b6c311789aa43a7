/** A leader asks sidecars, and writes what they say. */
import { afterEach, beforeEach, expect, jest, test } from "@jest/globals";
import { rawPolicy } from "../api/testing/policy.ts";
import { until } from "./kube/testing/fake-api-server.ts";
import { fieldsAdded } from "./kube/testing/fields-added.ts";
import type { SidecarAddress } from "./sidecars/ask-sidecar.ts";
import { type LedCluster, openCluster, PODS, STATUS } from "./testing/led-cluster.ts";

// Machines that run everything at once are slow; what is measured, is measured in the tests.
jest.setTimeout(30_000);

let cluster: LedCluster;
beforeEach(async () => {
  cluster = await openCluster();
});
afterEach(() => cluster.close());

const SAYS = {
  policy: "web",
  wouldBeReady: false,
  dependencies: [
    {
      name: "orders-db",
      gating: false,
      wouldGate: true,
      reason: "HostNotFound",
      since: "2026-01-02T03:04:05.000Z",
    },
  ],
};

/** A pod with a sidecar that runs. */
function injected(name: string, ip: string, resourceVersion: string, more: object = {}): object {
  const annotations = { "healthpolicy.dev/policy": "web", "healthpolicy.dev/revision": "r" };
  const metadata = {
    namespace: "shop",
    name,
    labels: { app: "web" },
    annotations,
    resourceVersion,
  };
  const env = [{ name: "HEALTHPOLICY_PORT", value: "19850" }];
  const container = { name: "healthpolicy-sidecar", image: "sidecar:1", env };
  const state = { name: container.name, ready: true, started: true };
  return {
    metadata: { ...metadata, ...more },
    spec: { restartPolicy: "Always", initContainers: [container] },
    status: { phase: "Running", podIP: ip, initContainerStatuses: [state] },
  };
}

interface Written {
  status: { pods?: Record<string, unknown>; dependencies?: object[] };
}
const written = () => (fieldsAdded(cluster.patched(STATUS)?.body) as Partial<Written>).status;

test("of a dry run: the pods that are ours, at their address, on the sidecar's port, while it leads", async () => {
  cluster.certify();
  const asked: SidecarAddress[] = [];
  cluster.world.policies = [rawPolicy({}, { mode: "DryRun" })];
  cluster.world.pods = [
    injected("web-1", "10.0.0.1", "9"),
    injected("copied", "10.0.0.2", "9", { annotations: {} }),
  ];
  cluster.world.sidecarSays = (address) => {
    asked.push(address);
    return Promise.resolve(JSON.stringify(SAYS));
  };
  const controller = new AbortController();
  const leading = cluster.leader.lead(controller.signal);
  await until("the answer is written", () => written()?.dependencies !== undefined, 15_000);
  expect(asked).toStrictEqual([{ ip: "10.0.0.1", port: 19_850 }]);
  expect(written()).toMatchObject({
    pods: { wouldBeUnready: 1, asked: 1, unknown: 0 },
    dependencies: [{ name: "orders-db", reason: "HostNotFound", examples: ["web-1"] }],
  });
  expect(cluster.leader.counts().get("shop/web")?.reports).toMatchObject({ wouldBeUnready: 1 });

  cluster.send(PODS, "ADDED", injected("web-2", "10.0.0.3", "10"));
  await until("a new pod is asked", () => asked.length > 1);
  expect(asked[1]).toStrictEqual({ ip: "10.0.0.3", port: 19_850 });
  for (const [name, ip] of [
    ["web-1", "10.0.0.1"],
    ["web-2", "10.0.0.3"],
  ] as const) {
    cluster.send(PODS, "DELETED", injected(name, ip, "11"));
  }
  await until("it is cleared", () => written()?.dependencies === undefined, 15_000);

  controller.abort();
  await leading;
  expect(asked).toHaveLength(2);
});
