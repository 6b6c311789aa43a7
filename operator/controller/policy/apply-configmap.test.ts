import { afterEach, beforeEach, expect, jest, test } from "@jest/globals";
import { testPolicy } from "../../api/testing/policy.ts";
import { type FakeObjects, startFakeObjects } from "../kube/testing/fake-objects.ts";
import { type ConfigMapWriter, createConfigMapWriter } from "./apply-configmap.ts";

// Machines that run everything at once are slow; what is measured, is measured in the tests.
jest.setTimeout(30_000);

const PATH = "/api/v1/namespaces/shop/configmaps/healthpolicy-policy-web";

let api: FakeObjects;
let writer: ConfigMapWriter;

beforeEach(async () => {
  api = await startFakeObjects();
  writer = createConfigMapWriter(api.client);
});

afterEach(async () => {
  jest.restoreAllMocks();
  await api.close();
});

/** Lets the monotonic clock run ahead. */
function pass(milliseconds: number): void {
  const now = performance.now.bind(performance);
  jest.spyOn(performance, "now").mockImplementation(() => now() + milliseconds);
}

function generationStored(): number {
  const data = api.objects.get(PATH)?.data as Record<string, string>;
  return (JSON.parse(data["policy.json"] ?? "") as { generation: number }).generation;
}

test("written once, again when it changes, and again after a minute", async () => {
  expect(await writer.write(testPolicy())).toEqual({ state: "written" });
  await writer.write(testPolicy());
  expect(api.writes()).toHaveLength(1);
  await writer.write(testPolicy({ generation: 4 }));
  expect(api.writes()).toHaveLength(2);
  expect(generationStored()).toBe(4);
  pass(61_000);
  await writer.write(testPolicy({ generation: 4 }));
  expect(api.writes()).toHaveLength(3);
});

test("under its own field manager, forced, and tied to the object that was looked at", async () => {
  await writer.write(testPolicy());
  await writer.write(testPolicy({ generation: 4 }));
  const [first, second] = api.writes();
  expect(Object.fromEntries(first?.query ?? [])).toEqual({
    fieldManager: "healthpolicy-configmap",
    force: "true",
  });
  expect(first?.body).not.toHaveProperty("metadata.uid");
  expect(second?.body).toHaveProperty("metadata.uid", api.objects.get(PATH)?.metadata.uid);
});

test("never reads, but by a dry run that changes nothing", async () => {
  await writer.write(testPolicy());
  expect(api.seen.map(({ method }) => method)).toEqual(["PATCH", "PATCH"]);
  const [look] = api.seen;
  expect(look?.query.get("dryRun")).toBe("All");
  expect(look?.query.get("force")).toBe("false");
  expect(look?.body).not.toHaveProperty("data");
});

test("somebody else's ConfigMap of that name is left alone, and said so", async () => {
  const foreign = { metadata: { uid: "f", resourceVersion: "5" }, data: { a: "b" } };
  api.objects.set(PATH, foreign);
  expect(await writer.write(testPolicy())).toEqual({
    state: "blocked",
    message:
      "ConfigMap healthpolicy-policy-web exists and belongs to somebody else; delete it or rename the policy.",
  });
  expect(api.writes()).toEqual([]);
  api.objects.delete(PATH);
  expect(await writer.write(testPolicy())).toEqual({ state: "written" });
});

test("one that replaced ours is left alone too", async () => {
  await writer.write(testPolicy());
  const foreign = { metadata: { uid: "f", resourceVersion: "5" }, data: { a: "b" } };
  api.objects.set(PATH, foreign);
  pass(61_000);
  expect(await writer.write(testPolicy())).toMatchObject({ state: "waiting" });
  expect(await writer.write(testPolicy())).toMatchObject({ state: "blocked" });
  expect(api.objects.get(PATH)).toEqual(foreign);
});

test("one that was deleted is made again", async () => {
  await writer.write(testPolicy());
  api.objects.delete(PATH);
  pass(61_000);
  await writer.write(testPolicy());
  await writer.write(testPolicy());
  expect(api.objects.has(PATH)).toBe(true);
});

test("the ConfigMap of a deleted policy of this name is waited for", async () => {
  await writer.write(testPolicy());
  const young = testPolicy({ uid: "uid-of-the-next-web" });
  expect(await writer.write(young)).toMatchObject({ state: "waiting" });
  expect(api.writes()).toHaveLength(1);
  api.objects.delete(PATH);
  expect(await writer.write(young)).toEqual({ state: "written" });
});

test("a new leader takes over what the last one wrote", async () => {
  await writer.write(testPolicy());
  const next = createConfigMapWriter(api.client);
  expect(await next.write(testPolicy({ generation: 4 }))).toEqual({ state: "written" });
  expect(generationStored()).toBe(4);
});

test("a refusal of the API server reaches the caller", async () => {
  api.failure = { code: 403, reason: "Forbidden" };
  await expect(writer.write(testPolicy())).rejects.toThrow("403 Forbidden");
});
