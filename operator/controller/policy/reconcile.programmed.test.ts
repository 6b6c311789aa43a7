/** When the condition Programmed is true, and what is said while it is not. */
import { afterEach, beforeEach, describe, expect, jest, test } from "@jest/globals";
import { rawPolicy, testPolicy } from "../../api/testing/policy.ts";
import { type Seen, until } from "../kube/testing/fake-api-server.ts";
import { fieldsAdded } from "../kube/testing/fields-added.ts";
import { podOf } from "../pods/testing/pod-of.ts";
import { type PolicyRecord, projectPolicy } from "./policy-cache.ts";
import {
  CONFIG_MAP,
  openPolicy,
  type ReconciledPolicy,
  STATUS,
} from "./testing/reconciled-policy.ts";

// Machines that run everything at once are slow; what is measured, is measured in the tests.
jest.setTimeout(30_000);

let web: ReconciledPolicy;
beforeEach(async () => {
  web = await openPolicy();
});
afterEach(async () => {
  jest.restoreAllMocks();
  await web.close();
});

/** Stops the clock; what is called sets it on. Never back: turns that were counted before would lie ahead then. */
function stopClock(): (milliseconds: number) => void {
  const start = performance.now();
  const now = jest.spyOn(performance, "now").mockReturnValue(start);
  return (milliseconds) => now.mockReturnValue(start + milliseconds);
}

describe("Programmed", () => {
  test("waits until the configuration reaches the namespace, and a second more", async () => {
    web.world.listedFor = undefined;
    expect(await web.reconcile()).toBeLessThan(1_000);
    expect(web.programmed()).toBe(
      "False Reconciling: The webhook configuration is on its way to the API servers.",
    );
    web.world.listedFor = 900;
    await web.reconcile();
    expect(web.programmed()).toContain("False Reconciling");
    web.world.listedFor = 1_100;
    expect(await web.reconcile()).toBeGreaterThan(400_000);
    expect(web.programmed()).toContain("True Programmed");
  });

  test.each([
    ["an older generation", { generation: 2, uid: testPolicy().uid }],
    ["a deleted policy of that name", { generation: 3, uid: "other" }],
  ])("waits for a ready replica that knows %s, and names it", async (_what, knows) => {
    web.world.known = knows;
    expect(await web.reconcile()).toBeLessThan(1_000);
    expect(web.programmed()).toBe(
      "False Reconciling: Waiting for replicas of the operator to know the policy: operator-1.",
    );
    web.world.known = { generation: 3, uid: testPolicy().uid };
    await web.reconcile();
    expect(web.programmed()).toContain("True");
  });

  test("a replica that accepts and never answers holds up no edit", async () => {
    await web.reconcile();
    const written = web.api.writes().length;
    web.world.silent = true;
    web.cachePolicy({ generation: 4 });
    const startedAt = performance.now();
    const reconciled = web.reconcile();
    await until("the edit is written", () => web.api.writes().length > written);
    expect(performance.now() - startedAt).toBeLessThan(500);
    expect(web.api.writes().at(-1)?.path).toBe(CONFIG_MAP);
    await reconciled;
    expect(web.programmed()).toContain("to know the policy: operator-1.");
  });

  test("looks less and less often at what lasts, and often again after an edit", async () => {
    const setClock = stopClock();
    web.world.listedFor = undefined;
    expect(await web.reconcile()).toBe(300);
    setClock(20_000);
    expect(await web.reconcile()).toBeCloseTo(5_000);
    web.cachePolicy({ generation: 4 });
    expect(await web.reconcile()).toBe(300);
  });

  test("does not count the time in which the policy was invalid as waiting", async () => {
    await web.reconcile();
    web.echo();
    const setClock = stopClock();
    web.suppliers.push({ name: "standard", defaults: { timing: { checkTimeout: "30s" } } });
    web.resolveAgain();
    await web.reconcile();
    expect(web.programmed()).toContain("False Invalid");
    web.echo();
    setClock(60_000);
    web.suppliers.pop();
    web.resolveAgain();
    web.world.listedFor = undefined;
    expect(await web.reconcile()).toBe(300);
    expect(web.programmed()).toContain("False Reconciling");
  });

  test("waits for every ready replica, and for no other", async () => {
    const labels = { "app.kubernetes.io/component": "operator" };
    const second = podOf({ namespace: "system", name: "operator-2", ip: "127.0.0.2", labels });
    const third = podOf({ namespace: "system", name: "operator-3", ip: "127.0.0.3", labels });
    web.stopReplica();
    web.pods.update({ key: "system/operator-2", now: { ...second, ready: true } });
    web.pods.update({ key: "system/operator-3", now: { ...third, ready: false } });
    await web.reconcile();
    expect(web.programmed()).toBe(
      "False Reconciling: Waiting for replicas of the operator to know the policy: operator-1, operator-2.",
    );
  });

  test("without a ready replica it is not true", async () => {
    const operator = podOf({ namespace: "system", name: "operator-1", ready: false });
    web.pods.update({ key: "system/operator-1", now: operator });
    await web.reconcile();
    expect(web.programmed()).toBe("False Reconciling: No replica of the operator is ready.");
  });

  test("once true, it stays so for its generation when a replica goes", async () => {
    await web.reconcile();
    web.world.known = { generation: 0, uid: "" };
    web.world.listedFor = undefined;
    await web.reconcile();
    expect(web.programmed()).toContain("True");
    web.cachePolicy({ generation: 4 });
    await web.reconcile();
    expect(web.programmed()).toContain("False Reconciling");
    expect(web.status().observedGeneration).toBe(4);
  });

  test("is not true before the webhook has been proven", async () => {
    const message = "The webhook has not been tried yet.";
    web.world.webhookReach = { state: "unknown", message };
    expect(await web.reconcile()).toBeGreaterThan(400_000);
    expect(web.programmed()).toBe(`False Reconciling: ${message}`);
    web.world.webhookReach = { state: "reachable" };
    await web.reconcile();
    expect(web.programmed()).toContain("True Programmed");
  });

  test("follows the webhook: unreachable, and back", async () => {
    await web.reconcile();
    web.world.webhookReach = { state: "unreachable", message: "Look at the firewall." };
    expect(await web.reconcile()).toBeGreaterThan(400_000);
    expect(web.programmed()).toBe("False WebhookUnreachable: Look at the firewall.");
    web.world.webhookReach = { state: "reachable" };
    await web.reconcile();
    expect(web.programmed()).toContain("True Programmed");
  });

  test("once true, it stays so while the webhook cannot be proven, as in a new leader", async () => {
    await web.reconcile();
    web.echo();
    web.world.webhookReach = { state: "unknown", message: "The webhook has not been tried yet." };
    await web.reconcileAsNewLeader();
    expect(web.programmed()).toContain("True Programmed");
    expect(web.statusWrites()).toBe(1);
  });

  test("does not hold a policy back from its running pods while the webhook is unreachable", async () => {
    web.world.webhookReach = { state: "unreachable", message: "Look at the firewall." };
    await web.reconcile();
    expect(web.api.writes().map(({ path }) => path)).toEqual([CONFIG_MAP, STATUS]);
  });

  test("is never true in a namespace that is opted out, but edits go on reaching its running pods", async () => {
    await web.reconcile();
    web.world.optedOut = true;
    web.cachePolicy({ generation: 4 });
    await web.reconcile();
    expect(web.programmed()).toContain("False NamespaceExcluded");
    const data = web.api.objects.get(CONFIG_MAP)?.data as Record<string, string>;
    expect(JSON.parse(data["policy.json"] ?? "")).toMatchObject({ generation: 4 });
  });

  test("is never true in a namespace whose pods are never injected, and nothing is written there", async () => {
    const record = projectPolicy(rawPolicy({ namespace: "kube-system" })) as PolicyRecord;
    web.putRecord(record);
    await web.reconcile("kube-system");
    expect(web.api.writes().map(({ path }) => path)).toEqual([
      STATUS.replace("shop", "kube-system"),
    ]);
    expect(fieldsAdded(web.api.writes()[0]?.body)).toHaveProperty(
      "status.conditions.1.reason",
      "NamespaceExcluded",
    );
  });

  test("tells of a ConfigMap that is not ours, and leaves it alone", async () => {
    const foreign = { metadata: { uid: "f", resourceVersion: "5" }, data: { a: "b" } };
    web.api.objects.set(CONFIG_MAP, foreign);
    expect(await web.reconcile()).toBeLessThan(60_000);
    expect(web.programmed()).toContain("False ConfigMapNotOurs");
    expect(web.api.objects.get(CONFIG_MAP)).toBe(foreign);
  });

  test("waits, once the ConfigMap is ours again, until replicas can have seen that in the status", async () => {
    const foreign = { metadata: { uid: "f", resourceVersion: "5" }, data: { a: "b" } };
    web.api.objects.set(CONFIG_MAP, foreign);
    await web.reconcile();
    web.api.objects.delete(CONFIG_MAP);
    await web.reconcile();
    expect(web.programmed()).toContain("False Reconciling");
    await web.reconcile();
    expect(web.programmed()).toContain("True Programmed");
  });

  test("is false with a ConfigMap that is refused, and true again when replicas can know of it", async () => {
    const to = ({ path, query }: Seen) => path === CONFIG_MAP && !query.has("dryRun");
    web.api.failure = { code: 403, reason: "Forbidden", to };
    // To the queue it is a failure: tried again with growing waits, and logged.
    await expect(web.reconcile()).rejects.toThrow("403 Forbidden");
    expect(web.programmed()).toContain("False ConfigMapRefused: The API server refuses ConfigMap");
    expect(web.status().observedGeneration).toBe(3);
    web.api.failure = undefined;
    await web.reconcile();
    expect(web.programmed()).toContain("False Reconciling");
    await web.reconcile();
    expect(web.programmed()).toContain("True Programmed");
  });

  test("is false with an edit that is refused, and pods go on with what stands", async () => {
    await web.reconcile();
    web.echo();
    web.cachePolicy({ generation: 4 });
    web.api.failure = { code: 403, reason: "Forbidden", to: ({ path }) => path === CONFIG_MAP };
    for (const reconcile of [web.reconcile, web.reconcileAsNewLeader]) {
      await expect(reconcile()).rejects.toThrow("403 Forbidden");
      expect(web.programmed()).toContain(
        "False ConfigMapOutdated: The API server refuses ConfigMap",
      );
      expect(web.status().observedGeneration).toBe(4);
    }
    const data = web.api.objects.get(CONFIG_MAP)?.data as Record<string, string>;
    expect(JSON.parse(data["policy.json"] ?? "")).toMatchObject({ generation: 3 });
  });

  test("is false with an edit that was answered 500 for a minute, and true again once it is written", async () => {
    await web.reconcile();
    web.echo();
    const clock = stopClock();
    web.cachePolicy({ generation: 4 });
    web.api.failure = { code: 500, reason: "Unknown", to: ({ path }) => path === CONFIG_MAP };
    const written = web.statusWrites();
    // One such answer of a busy API server is no news.
    for (const milliseconds of [0, 59_000]) {
      clock(milliseconds);
      await expect(web.reconcile()).rejects.toThrow("500 Unknown");
      expect(web.statusWrites()).toBe(written);
    }
    for (const milliseconds of [61_000, 90_000, 120_000]) {
      clock(milliseconds);
      await expect(web.reconcile()).rejects.toThrow("500 Unknown");
      web.echo();
      expect(web.programmed()).toContain("False ConfigMapOutdated: The API server refuses");
      expect(web.status().observedGeneration).toBe(4);
      expect(web.statusWrites()).toBe(written + 1);
    }
    web.api.failure = undefined;
    web.world.known = { generation: 4, uid: testPolicy().uid };
    clock(150_000);
    await web.reconcile();
    expect(web.programmed()).toContain("True Programmed");
  });

  test("tells of an edit whose every write met another for a minute, and goes on looking", async () => {
    await web.reconcile();
    const clock = stopClock();
    web.cachePolicy({ generation: 4 });
    web.api.failure = { code: 409, reason: "Conflict", to: ({ path }) => path === CONFIG_MAP };
    expect(await web.reconcile()).toBe(300);
    expect(web.programmed()).toContain("True Programmed");
    clock(61_000);
    expect(await web.reconcile()).toBe(300);
    expect(web.programmed()).toContain("False ConfigMapOutdated: The API server refuses");
  });
});
