/** What it costs a leader that a list of policies is read anew, which tells of every one of them in one turn. */
import { afterEach, beforeEach, expect, jest, test } from "@jest/globals";
import { rawPolicy } from "../api/testing/policy.ts";
import { rawClusterPolicy } from "./cluster-policy/testing/cluster-policy.ts";
import { until } from "./kube/testing/fake-api-server.ts";
import { type LedCluster, openCluster, podsPath } from "./testing/led-cluster.ts";

// Machines that run everything at once are slow.
jest.setTimeout(30_000);

/** So few that the pods of each have a watch of their own. */
const NAMESPACES = ["shop", "bank", "mail"];
const manyPolicies = (generation: number) =>
  Array.from({ length: 500 }, (_, place) =>
    rawPolicy({
      namespace: NAMESPACES[place % NAMESPACES.length] as string,
      name: `web-${place}`,
      uid: `uid-${place}`,
      generation,
      resourceVersion: `${generation}`,
    }),
  );

let cluster: LedCluster;
let controller: AbortController;
let leading: Promise<void>;
beforeEach(async () => {
  cluster = await openCluster();
  // Nothing is written of so many: this is about what is followed.
  cluster.world.holds = ({ method }) => method !== "GET";
  const standards = { enforcement: "Audit", readinessProbe: { required: true } } as const;
  cluster.world.clusterPolicies = [rawClusterPolicy({}, { standards })];
  cluster.world.policies = manyPolicies(3);
  controller = new AbortController();
  leading = cluster.leader.lead(controller.signal);
  await until("the pods are followed", () => cluster.leader.pods()?.synced("mail") === true);
});
afterEach(async () => {
  controller.abort();
  for (const answer of cluster.world.held) answer();
  await leading;
  await cluster.close();
});

/** How often namespaces are looked at while the list of policies is read anew. */
async function looksAtRelist(): Promise<number> {
  const looks = jest.spyOn(cluster.caches, "namespacesWithStandards");
  await cluster.caches.policies.refresh();
  await new Promise(setImmediate);
  return looks.mock.calls.length;
}

test("a list of policies that is as before has nobody look where pods are to be followed", async () => {
  expect(await looksAtRelist()).toBe(0);
});

test("a list in which every policy has changed has that looked at once", async () => {
  cluster.world.policies = manyPolicies(4);
  expect(await looksAtRelist()).toBe(1);
});

test("namespaces that have lost their policies in it are followed no more", async () => {
  cluster.world.policies = manyPolicies(3).filter(({ metadata }) => metadata.namespace !== "mail");
  expect(await looksAtRelist()).toBe(1);
  expect(cluster.leader.pods()?.synced("mail")).toBe(false);
  expect(cluster.watches.has(podsPath("bank"))).toBe(true);
});
