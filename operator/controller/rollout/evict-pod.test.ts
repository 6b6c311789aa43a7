/** What is asked of the API server, and what its answers mean. */
import { afterEach, beforeEach, expect, test } from "@jest/globals";
import { type FakeApi, reply, startFakeApi } from "../kube/testing/fake-api-server.ts";
import { evictPod, noneWent } from "./evict-pod.ts";

const POD = { namespace: "shop", name: "web-1", uid: "uid-of-web-1" };
let api: FakeApi;
let answer: { code: number; message: string };

beforeEach(async () => {
  answer = { code: 201, message: "" };
  api = await startFakeApi((_, response) => {
    reply(response, answer.code, { kind: "Status", reason: "Because", message: answer.message });
  });
});
afterEach(() => api.close());

test("the eviction is of this very pod, and not of a new one of its name", async () => {
  expect(await evictPod(api.client, POD)).toEqual({ result: "evicted" });
  expect(api.seen).toHaveLength(1);
  expect(api.seen[0]).toMatchObject({
    method: "POST",
    path: "/api/v1/namespaces/shop/pods/web-1/eviction",
    body: {
      apiVersion: "policy/v1",
      kind: "Eviction",
      deleteOptions: { preconditions: { uid: "uid-of-web-1" } },
    },
  });
});

test.each([
  [404, "not found", { result: "gone" }],
  [409, "the UID in the precondition is another", { result: "gone" }],
  [
    429,
    "Cannot evict pod as it would violate the pod's disruption budget.",
    { result: "budget", message: "a PodDisruptionBudget allows no eviction" },
  ],
  [429, "too many requests", { result: "failed", message: "the API server answered 429 Because" }],
  [403, "secret words", { result: "failed", message: "the API server answered 403 Because" }],
  [500, "etcd is away", { result: "failed", message: "the API server answered 500 Because" }],
  [
    500,
    "This pod has more than one PodDisruptionBudget, which the eviction subresource does not support.",
    { result: "budget", message: "more than one PodDisruptionBudget selects a pod" },
  ],
])("%d %s", async (code, message, expected) => {
  answer = { code, message };
  expect(await evictPod(api.client, POD)).toMatchObject(expected);
});

test.each([
  [201, "", false],
  [404, "not found", true],
  [403, "a policy engine says no", true],
  [429, "too many requests", true],
  [500, "etcd is away", false],
])("%d %s: whether none went for sure: %s", async (code, message, want) => {
  answer = { code, message };
  expect(noneWent(await evictPod(api.client, POD))).toBe(want);
});

test("no answer is a failure, too", async () => {
  const { client } = api;
  await api.close();
  expect(await evictPod(client, POD)).toMatchObject({
    result: "failed",
    message: "the API server gave no answer",
  });
  api = await startFakeApi(() => {});
});
