/** A replica of the operator that takes connections and answers nothing, as one whose node has lost its power. */
import { type AddressInfo, createServer, type Server, type Socket } from "node:net";
import { afterEach, beforeEach, expect, jest, test } from "@jest/globals";
import { rawPolicy } from "../api/testing/policy.ts";
import { until } from "./kube/testing/fake-api-server.ts";
import { type LedCluster, openCluster, POLICIES } from "./testing/led-cluster.ts";

// Machines that run everything at once are slow; what is measured, is measured in the tests.
jest.setTimeout(30_000);

let silent: Server;
const sockets: Socket[] = [];
let cluster: LedCluster;
beforeEach(async () => {
  silent = createServer((socket) => sockets.push(socket.on("error", () => undefined).resume()));
  const { promise, resolve } = Promise.withResolvers<void>();
  silent.listen(0, "127.0.0.1", resolve);
  await promise;
  cluster = await openCluster({ webhookPort: (silent.address() as AddressInfo).port });
});
afterEach(async () => {
  await cluster.close();
  for (const socket of sockets.splice(0)) socket.destroy();
  silent.close();
});

const policyOf = (namespace: string, generation = 3) =>
  rawPolicy({ namespace, uid: `uid-of-${namespace}`, generation });
const NAMESPACES = Array.from({ length: 21 }, (_, count) => `team-${count}`);
const LAST = "team-20";

test("holds up no edit, however many policies wait for it", async () => {
  cluster.certify();
  cluster.world.policies = NAMESPACES.map((namespace) => policyOf(namespace));
  cluster.world.operatorPods = [
    {
      metadata: { namespace: "system", name: "operator-1", labels: {}, resourceVersion: "9" },
      spec: { restartPolicy: "Always" },
      status: { podIP: "127.0.0.1", conditions: [{ type: "Ready", status: "True" }] },
    },
  ];
  const controller = new AbortController();
  const leading = cluster.leader.lead(controller.signal);
  const waits = ({ body }: { body?: unknown }) =>
    JSON.stringify(body ?? "").includes("to know the policy: operator-1.");
  await until("one has waited for it in vain", () => cluster.api.seen.some(waits), 15_000);

  const startedAt = performance.now();
  cluster.send(POLICIES, "MODIFIED", policyOf(LAST, 4));
  const path = `/api/v1/namespaces/${LAST}/configmaps/healthpolicy-policy-web`;
  const isEdit = (body: unknown) => JSON.stringify(body).includes('\\"generation\\":4');
  await until("the edit is written", () => cluster.writesOf(path).some(({ body }) => isEdit(body)));
  expect(performance.now() - startedAt).toBeLessThan(1_000);

  await until("all say that they wait", () => cluster.api.seen.filter(waits).length > 20);
  // Before, four of them after each second.
  expect(performance.now() - startedAt).toBeLessThan(3_000);
  controller.abort();
  await leading;
});
