import { afterEach, beforeEach, describe, expect, jest, test } from "@jest/globals";
import { pino } from "pino";
import { type FakeObjects, startFakeObjects } from "../kube/testing/fake-objects.ts";
import { runAhead } from "../testing/run-ahead.ts";
import { createWebhookWriter, type WebhookWriter } from "./apply-webhook-configuration.ts";

// Machines that run everything at once are slow; what is measured, is measured in the tests.
jest.setTimeout(30_000);

const PATH = "/apis/admissionregistration.k8s.io/v1/mutatingwebhookconfigurations/healthpolicy";
const ROLE = "/apis/rbac.authorization.k8s.io/v1/clusterroles/the-role";
const NONE = { selectors: [], namespaces: [] };
const SHOP = { caBundle: "PEM", namespaces: ["shop"], applied: NONE };

let api: FakeObjects;
let writer: WebhookWriter;

beforeEach(async () => {
  api = await startFakeObjects();
  api.objects.set(ROLE, { metadata: { name: "the-role", uid: "uid-of-role" } });
  writer = createWebhookWriter({
    client: api.client,
    target: { namespace: "system", service: "webhook", timeoutSeconds: 3 },
    clusterRole: "the-role",
    log: pino({ level: "silent" }),
  });
});

afterEach(async () => {
  jest.restoreAllMocks();
  await api.close();
});

test("owned by the chart's ClusterRole, forced, under its own field manager", async () => {
  await writer.write(SHOP);
  expect(api.objects.get(PATH)?.metadata.ownerReferences).toEqual([
    {
      apiVersion: "rbac.authorization.k8s.io/v1",
      kind: "ClusterRole",
      name: "the-role",
      uid: "uid-of-role",
    },
  ]);
  expect(Object.fromEntries(api.writes()[0]?.query ?? [])).toEqual({
    fieldManager: "healthpolicy-webhook",
    force: "true",
  });
});

test("written once, again when it changes, and again after a minute", async () => {
  await writer.write(SHOP);
  await writer.write(SHOP);
  expect(api.writes()).toHaveLength(1);
  await writer.write({ ...SHOP, caBundle: "OTHER" });
  await writer.write({ ...SHOP, caBundle: "OTHER", namespaces: ["bank", "shop"] });
  expect(api.writes()).toHaveLength(3);
  runAhead(61_000);
  api.objects.delete(PATH);
  await writer.write({ ...SHOP, caBundle: "OTHER", namespaces: ["bank", "shop"] });
  expect(api.objects.has(PATH)).toBe(true);
});

test("says whether it wrote, and writes once more when it is told to", async () => {
  expect(await writer.write(SHOP)).toBe(true);
  expect(await writer.write(SHOP)).toBe(false);
  api.objects.delete(PATH);
  writer.writeAgain();
  expect(await writer.write(SHOP)).toBe(true);
  expect(api.objects.has(PATH)).toBe(true);
  expect(await writer.write(SHOP)).toBe(false);
  api.objects.delete(ROLE);
  writer.writeAgain();
  expect(await writer.write(SHOP)).toBe(false);
});

test("tells for how long it has listed a namespace", async () => {
  expect(writer.listedFor("shop")).toBeUndefined();
  await writer.write(SHOP);
  runAhead(5_000);
  await writer.write({ ...SHOP, namespaces: ["bank", "shop"] });
  expect(writer.listedFor("shop")).toBeGreaterThanOrEqual(5_000);
  expect(writer.listedFor("bank")).toBeLessThan(1_000);
  await writer.write({ ...SHOP, namespaces: ["bank"] });
  expect(writer.listedFor("shop")).toBeUndefined();
});

test("a write that failed has listed nothing, and is tried again", async () => {
  api.failure = { code: 500, reason: "InternalError" };
  await expect(writer.write(SHOP)).rejects.toThrow("500");
  expect(writer.listedFor("shop")).toBeUndefined();
  expect(writer.whyUnwritten()).toBe("the API server answered 500 InternalError");
  api.failure = undefined;
  await writer.write(SHOP);
  expect(writer.listedFor("shop")).toBeLessThan(1_000);
  expect(writer.whyUnwritten()).toBeUndefined();
});

test("after an uninstall it is not made again, whatever changes", async () => {
  await writer.write(SHOP);
  // What helm does, and what the garbage collector does then.
  api.objects.delete(ROLE);
  api.objects.delete(PATH);
  runAhead(61_000);
  await writer.write({ ...SHOP, namespaces: ["bank", "shop"] });
  await writer.write({ ...SHOP, caBundle: "OTHER" });
  expect(api.objects.has(PATH)).toBe(false);
  expect(writer.listedFor("shop")).toBeUndefined();
});

test("an owner that is being deleted is as good as gone", async () => {
  const metadata = { name: "the-role", uid: "u", deletionTimestamp: "2026-01-01T00:00:00Z" };
  api.objects.set(ROLE, { metadata });
  await writer.write(SHOP);
  expect(api.writes()).toEqual([]);
});

test("without the right to ask for the owner nothing is written", async () => {
  api.failure = { code: 403, reason: "Forbidden" };
  await expect(writer.write(SHOP)).rejects.toThrow("403");
  expect(api.writes()).toEqual([]);
});

test("a chart that is installed again gets a configuration with the new owner", async () => {
  await writer.write(SHOP);
  api.objects.delete(ROLE);
  await writer.write({ ...SHOP, namespaces: ["bank"] });
  api.objects.set(ROLE, { metadata: { name: "the-role", uid: "uid-of-new-role" } });
  await writer.write({ ...SHOP, namespaces: ["bank"] });
  expect(api.objects.get(PATH)?.metadata.ownerReferences?.[0]?.uid).toBe("uid-of-new-role");
});

describe("standards that are applied", () => {
  const applied = (namespaces: string[]) => ({
    ...SHOP,
    applied: { selectors: [{ matchLabels: { team: "a" } }], namespaces },
  });
  const webhooks = () =>
    ((api.objects.get(PATH)?.webhooks ?? []) as { name: string }[]).map(({ name }) => name);

  test("cost no write for each namespace", async () => {
    await writer.write(applied(["a"]));
    expect(await writer.write(applied(["a", "b"]))).toBe(false);
    expect(webhooks()).toContain("standards-0.healthpolicy.dev");
  });

  test("are reached by name where the API server refuses their selector, and others as before", async () => {
    api.failure = {
      code: 422,
      reason: "Invalid",
      to: ({ method, body }) => method === "PATCH" && JSON.stringify(body).includes('"team":"a"'),
    };
    expect(await writer.write(applied(["a"]))).toBe(true);
    expect(webhooks()).toStrictEqual(["inject.healthpolicy.dev", "prove.healthpolicy.dev"]);
    expect(JSON.stringify(api.objects.get(PATH))).toContain('"values":["a","shop"]');
    expect(await writer.write(applied(["a"]))).toBe(false);
    expect(await writer.write(applied(["a", "b"]))).toBe(true);
    expect(writer.listedFor("b")).toBeLessThan(1_000);
  });
});
