/** What the leader delivers to pods that have come to be behind a host of their own policy. */
import { afterEach, beforeEach, expect, jest, test } from "@jest/globals";
import { POLICY_FILE } from "../../api/names.ts";
import { podOf } from "../pods/testing/pod-of.ts";
import { PACE_MILLISECONDS } from "./circular-news.ts";
import { CONFIG_MAP, openPolicy, type ReconciledPolicy } from "./testing/reconciled-policy.ts";

// Machines that run everything at once are slow; what is measured, is measured in the tests.
jest.setTimeout(30_000);

const OWN = { namespace: "shop", name: "orders-db", selector: { app: "web" }, headless: false };

let web: ReconciledPolicy;
beforeEach(async () => {
  web = await openPolicy();
});
afterEach(async () => {
  jest.restoreAllMocks();
  await web.close();
});

const file = () => {
  const { data } = web.api.objects.get(CONFIG_MAP) as unknown as { data: Record<string, string> };
  return JSON.parse(data[POLICY_FILE] ?? "");
};
const writes = () => web.api.writes().filter(({ path }) => path === CONFIG_MAP).length;
const message = (type: string) =>
  web.status().conditions?.find((condition) => condition.type === type)?.message;

test("a Service that comes after its pod lets the pod go, and has kubelets told", async () => {
  await web.reconcile();
  expect(file()).not.toHaveProperty("circularPods");
  const before = web.world.changedTo.length;
  web.world.services = [OWN];
  await web.reconcile();
  expect(file().circularPods).toStrictEqual(["10.0.0.1"]);
  expect(web.world.changedTo).toHaveLength(before + 1);
});

test("the status says so, and advises no restart that could not help", async () => {
  web.world.services = [OWN];
  await web.reconcile();
  expect(message("Accepted")).toBe(
    "The selector matches pods behind Service orders-db, the host of dependency orders-db. They would wait for themselves: they get no sidecar, or the one that they have lets them go within two minutes. Leave them out of the selector.",
  );
  expect(message("PodsCurrent")).not.toContain("estart");
  expect(web.status().pods).toMatchObject({ matched: 0, outdated: 0, optedOut: 1 });
});

test("a pod that leaves is delivered when its time has come, and asked for then", async () => {
  web.world.services = [OWN];
  await web.reconcile();
  web.pods.update({ key: "shop/web-1", old: podOf() });
  const again = await web.reconcile();
  expect(file().circularPods).toStrictEqual(["10.0.0.1"]);
  expect(again).toBeLessThanOrEqual(PACE_MILLISECONDS);
  const clock = performance.now.bind(performance);
  jest.spyOn(performance, "now").mockImplementation(() => clock() + PACE_MILLISECONDS);
  await web.reconcile();
  expect(file()).not.toHaveProperty("circularPods");
});

test("a new leader leaves the file as it is until it knows the pods", async () => {
  web.world.services = [OWN];
  await web.reconcile();
  const before = writes();
  web.world.unsynced = ["shop"];
  await web.reconcileAsNewLeader();
  expect(writes()).toBe(before);
  web.world.unsynced = [];
  await web.reconcileAsNewLeader();
  expect(file().circularPods).toStrictEqual(["10.0.0.1"]);
});

test("a policy that became invalid has its pods let go all the same", async () => {
  await web.reconcile();
  web.echo();
  const before = file();
  web.cachePolicy({ generation: 4 });
  web.suppliers.push({ name: "standard", defaults: { timing: { checkTimeout: "30s" } } });
  web.resolveAgain();
  web.world.services = [OWN];
  await web.reconcile();
  expect(file()).toStrictEqual({ ...before, circularPods: ["10.0.0.1"] });
});
