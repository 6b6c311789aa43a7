import { afterEach, beforeEach, expect, jest, test } from "@jest/globals";
import type { EffectivePolicy } from "../../api/effective-policy.ts";
import type { FleetConfig } from "../../api/policy-file.ts";
import { testPolicy } from "../../api/testing/policy.ts";
import { type FakeObjects, startFakeObjects } from "../kube/testing/fake-objects.ts";
import { runAhead } from "../testing/run-ahead.ts";
import {
  type ConfigMapFound,
  type ConfigMapWriter,
  createConfigMapWriter,
} from "./apply-configmap.ts";
import type { DeliveredPolicy } from "./configmap.ts";

// Machines that run everything at once are slow; what is measured, is measured in the tests.
jest.setTimeout(30_000);

const PATH = "/api/v1/namespaces/shop/configmaps/healthpolicy-policy-web";

let api: FakeObjects;
let writer: ConfigMapWriter;
/** From 0 to 1: where in its range a time is drawn. */
let drawn: number;

beforeEach(async () => {
  drawn = 0;
  api = await startFakeObjects();
  writer = createConfigMapWriter(api.client, () => drawn);
});

afterEach(async () => {
  jest.restoreAllMocks();
  await api.close();
});

/** Looks, and writes what is due; what was found. */
async function lookAndWrite(policy: EffectivePolicy, by = writer): Promise<ConfigMapFound> {
  const found = await by.look(policy);
  if (found.state === "due") await by.write(policy, found);
  return found;
}

function generationStored(): number {
  const data = api.objects.get(PATH)?.data as Record<string, string>;
  return (JSON.parse(data["policy.json"] ?? "") as { generation: number }).generation;
}

test("written once, again when it changes, and again after a while", async () => {
  expect(await lookAndWrite(testPolicy())).toEqual({ state: "due", uid: undefined, stands: false });
  expect(await lookAndWrite(testPolicy())).toMatchObject({ state: "current" });
  expect(api.writes()).toHaveLength(1);
  await lookAndWrite(testPolicy({ generation: 4 }));
  expect(api.writes()).toHaveLength(2);
  expect(generationStored()).toBe(4);
  runAhead(301_000);
  await lookAndWrite(testPolicy({ generation: 4 }));
  expect(api.writes()).toHaveLength(3);
});

test("says when pods follow something else: not for whom sidecars ask, nor when it is written again as it is", async () => {
  const changedTo = async (policy: DeliveredPolicy, by = writer) => {
    const found = await by.look(policy);
    const written = found.state === "due" ? await by.write(policy, found) : undefined;
    return written?.state === "current" ? written.changedTo !== undefined : undefined;
  };
  const fleet = { maxUnready: "50%", peers: [] } as unknown as FleetConfig;
  expect(await changedTo(testPolicy())).toBe(true);
  expect(await changedTo({ ...testPolicy(), fleet })).toBe(false);
  expect(await changedTo({ ...testPolicy({ generation: 4 }), fleet })).toBe(true);
  // A new leader knows nothing of what was written before.
  const next = createConfigMapWriter(api.client, () => drawn);
  expect(await changedTo({ ...testPolicy({ generation: 4 }), fleet }, next)).toBe(false);
  const third = createConfigMapWriter(api.client, () => drawn);
  expect(await changedTo(testPolicy({ generation: 5 }), third)).toBe(true);
  expect(await third.stands(testPolicy())).toBe(true);
  expect(await third.stands({ namespace: "shop", name: "none" })).toBe(false);
});

test("knows what it last wrote of this very policy, until a write of something else has failed", async () => {
  const fleet = { maxUnready: { percent: 50 }, pods: 0, peers: [] };
  const first = testPolicy();
  expect(writer.delivered(first)).toBeUndefined();
  await lookAndWrite(first);
  expect(writer.delivered(testPolicy({ generation: 4 }))).toBe(first);
  expect(writer.delivered(testPolicy({ uid: "another" }))).toBeUndefined();
  const failing = async (policy: DeliveredPolicy) => {
    const found = await writer.look(policy);
    api.failure = { code: 500, reason: "InternalError" };
    if (found.state === "due") await expect(writer.write(policy, found)).rejects.toThrow();
    api.failure = undefined;
  };
  // Whether that one arrived or not, pods follow the same.
  for (const _ of [1, 2]) await failing({ ...first, fleet });
  expect(writer.delivered(first)).toBe(first);
  await failing(testPolicy({ generation: 4 }));
  expect(writer.delivered(first)).toBeUndefined();
  await lookAndWrite(first);
  writer.forget("shop/web");
  expect(writer.delivered(first)).toBeUndefined();
});

test.each([
  [0, 300_000],
  [0.5, 450_000],
  [1, 600_000],
])("the time to the next write is drawn from 5 to 10 minutes: %d", async (from, expected) => {
  drawn = from;
  const due = { state: "due", uid: undefined, version: undefined, stands: false } as const;
  expect(await writer.write(testPolicy(), due)).toMatchObject({
    state: "current",
    dueMilliseconds: expected,
  });
  runAhead(expected - 1_000);
  const found = await writer.look(testPolicy());
  expect(found).toMatchObject({ state: "current" });
  expect("dueMilliseconds" in found && found.dueMilliseconds).toBeLessThan(1_001);
  jest.restoreAllMocks();
  runAhead(expected + 1_000);
  expect(await writer.look(testPolicy())).toMatchObject({ state: "due" });
});

test("under its own field manager, forced, and tied to the object that was looked at", async () => {
  await lookAndWrite(testPolicy());
  await lookAndWrite(testPolicy({ generation: 4 }));
  const [first, second] = api.writes();
  expect(Object.fromEntries(first?.query ?? [])).toEqual({
    fieldManager: "healthpolicy-configmap",
    force: "true",
  });
  expect(first?.body).not.toHaveProperty("metadata.uid");
  expect(second?.body).toHaveProperty("metadata.uid", api.objects.get(PATH)?.metadata.uid);
});

test("a leader that stood still does not take back what the next one has written since: it looks again", async () => {
  await lookAndWrite(testPolicy());
  const next = createConfigMapWriter(api.client, () => drawn);
  await lookAndWrite(testPolicy({ generation: 4 }), next);
  runAhead(301_000);
  await expect(lookAndWrite(testPolicy())).rejects.toMatchObject({ code: 409 });
  expect(generationStored()).toBe(4);
  await lookAndWrite(testPolicy({ generation: 5 }));
  expect(generationStored()).toBe(5);
});

test("never reads, but by a dry run that changes nothing", async () => {
  await lookAndWrite(testPolicy());
  expect(api.seen.map(({ method }) => method)).toEqual(["PATCH", "PATCH"]);
  const [look] = api.seen;
  expect(look?.query.get("dryRun")).toBe("All");
  expect(look?.query.get("force")).toBe("false");
  expect(look?.body).not.toHaveProperty("data");
});

test("ours stays ours where somebody has made the manager of an earlier look its owner", async () => {
  await lookAndWrite(testPolicy());
  const next = createConfigMapWriter(api.client);
  await next.look(testPolicy());
  const manager = api.seen.at(-1)?.query.get("fieldManager") ?? "";
  editByHand({ managedFields: [{ manager, operation: "Apply" }] });
  const { uid } = api.objects.get(PATH)?.metadata ?? {};
  expect(await next.look(testPolicy())).toMatchObject({ state: "due", uid, stands: true });
});

test("somebody else's ConfigMap of that name is left alone, and said so", async () => {
  const foreign = { metadata: { uid: "f", resourceVersion: "5" }, data: { a: "b" } };
  api.objects.set(PATH, foreign);
  expect(await lookAndWrite(testPolicy())).toEqual({
    state: "blocked",
    message:
      "ConfigMap healthpolicy-policy-web exists and belongs to somebody else; delete it or rename the policy.",
  });
  expect(api.writes()).toEqual([]);
  api.objects.delete(PATH);
  expect(await lookAndWrite(testPolicy())).toMatchObject({ state: "due" });
});

test("that of another HealthPolicy goes with that one: nobody else may delete it", async () => {
  const other = { kind: "HealthPolicy", name: "other", uid: "o" };
  const metadata = { uid: "f", resourceVersion: "5", ownerReferences: [other] };
  api.objects.set(PATH, { metadata, data: { a: "b" } });
  expect(await lookAndWrite(testPolicy())).toEqual({
    state: "blocked",
    message:
      "ConfigMap healthpolicy-policy-web exists and belongs to another HealthPolicy; delete that one or rename the policy.",
  });
  expect(api.writes()).toEqual([]);
});

test("one that replaced ours is left alone too", async () => {
  await lookAndWrite(testPolicy());
  const foreign = { metadata: { uid: "f", resourceVersion: "5" }, data: { a: "b" } };
  api.objects.set(PATH, foreign);
  runAhead(301_000);
  await expect(lookAndWrite(testPolicy())).rejects.toThrow("409 Conflict");
  expect(await lookAndWrite(testPolicy())).toMatchObject({ state: "blocked" });
  expect(api.objects.get(PATH)).toEqual(foreign);
});

/** Changes the stored ConfigMap as somebody with rights on it would. */
function editByHand(metadata: object, data: object = {}): void {
  const before = api.objects.get(PATH);
  if (!before) throw new Error("there is no ConfigMap");
  api.objects.set(PATH, { ...before, metadata: { ...before.metadata, ...metadata }, data });
}

function owners(): (string | undefined)[] {
  return (api.objects.get(PATH)?.metadata.ownerReferences ?? []).map(({ uid }) => uid);
}

test.each([
  ["its leader", () => writer],
  ["a new leader", () => createConfigMapWriter(api.client)],
])("ours without its owner and content gets both back from %s", async (_, by) => {
  await lookAndWrite(testPolicy());
  const { uid } = api.objects.get(PATH)?.metadata ?? {};
  editByHand({ ownerReferences: [] }, { "policy.json": "{}" });
  runAhead(601_000);
  expect(await lookAndWrite(testPolicy(), by())).toMatchObject({ state: "due", uid });
  expect(owners()).toEqual([testPolicy().uid]);
  expect(generationStored()).toBe(3);
});

test("another owner, with which it would outlive the policy, is taken out", async () => {
  await lookAndWrite(testPolicy());
  const [own] = api.objects.get(PATH)?.metadata.ownerReferences ?? [];
  editByHand({ ownerReferences: [{ kind: "ConfigMap", name: "x", uid: "x" }, own] });
  runAhead(601_000);
  await lookAndWrite(testPolicy());
  expect(owners()).toEqual([testPolicy().uid]);
  expect(generationStored()).toBe(3);
  expect(api.writes().at(-1)?.body).toHaveProperty(
    "metadata.uid",
    api.objects.get(PATH)?.metadata.uid,
  );
});

test("one that a deleted policy left behind becomes the next policy's", async () => {
  await lookAndWrite(testPolicy());
  // As `kubectl delete --cascade=orphan` leaves it.
  editByHand({ ownerReferences: [] });
  const young = testPolicy({ uid: "uid-of-the-next-web" });
  const version = api.objects.get(PATH)?.metadata.resourceVersion;
  expect(await lookAndWrite(young)).toMatchObject({ state: "due", version });
  expect(owners()).toEqual([young.uid]);
});

test("one that was deleted is made again", async () => {
  await lookAndWrite(testPolicy());
  api.objects.delete(PATH);
  runAhead(301_000);
  await expect(lookAndWrite(testPolicy())).rejects.toThrow("409 Conflict");
  await lookAndWrite(testPolicy());
  expect(api.objects.has(PATH)).toBe(true);
});

test("the ConfigMap of a deleted policy of this name is waited for", async () => {
  await lookAndWrite(testPolicy());
  const young = testPolicy({ uid: "uid-of-the-next-web" });
  expect(await lookAndWrite(young)).toMatchObject({ state: "waiting" });
  expect(api.writes()).toHaveLength(1);
  api.objects.delete(PATH);
  expect(await lookAndWrite(young)).toMatchObject({ state: "due" });
});

test("a new leader takes over what the last one wrote", async () => {
  await lookAndWrite(testPolicy());
  const next = createConfigMapWriter(api.client);
  expect(await lookAndWrite(testPolicy({ generation: 4 }), next)).toMatchObject({ state: "due" });
  expect(generationStored()).toBe(4);
});
