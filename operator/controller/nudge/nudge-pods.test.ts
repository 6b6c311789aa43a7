import { afterEach, beforeEach, expect, jest, test } from "@jest/globals";
import { ApiError, type KubeRequest } from "../kube/kube-client.ts";
import type { PodRecord } from "../policy/pods.ts";
import { podOf } from "../policy/testing/records.ts";
import { createNudger, type Nudger } from "./nudge-pods.ts";

const WEB = { namespace: "shop", name: "web" };

let sent: KubeRequest[];
let answer: () => Promise<void>;
let known: PodRecord[];
let stands: boolean;
let looks: number;
let warnings: object[];
let nudger: Nudger;

beforeEach(() => {
  jest.useFakeTimers();
  sent = [];
  answer = () => Promise.resolve();
  known = [boundPod("web-1"), boundPod("other", "another"), podOf({ sidecar: undefined as never })];
  stands = true;
  looks = 0;
  warnings = [];
  nudger = createNudger({
    client: {
      request: async <T>(request: KubeRequest) => {
        sent.push(request);
        await answer();
        return {} as T;
      },
    },
    pods: (namespace) => known.filter((pod) => pod.namespace === namespace),
    stands: () => {
      looks += 1;
      return Promise.resolve(stands);
    },
    log: { warn: (fields: object) => warnings.push(fields) },
  });
});
afterEach(async () => {
  await nudger.stop();
  jest.useRealTimers();
});

function boundPod(name: string, policy = "web"): PodRecord {
  return podOf({ name, uid: `uid-of-${name}`, sidecar: { policy, revision: "abc", ready: true } });
}

const told = () => sent.map(({ path, body }) => [path, body]);
const patch = (name: string, value: string) => [
  `/api/v1/namespaces/shop/pods/${name}`,
  { metadata: { uid: `uid-of-${name}`, annotations: { "healthpolicy.dev/nudge": value } } },
];

test("a new version is told to the policy's pods alone, when their kubelet has heard of it, and the last one only", async () => {
  nudger.wrote(WEB, "41");
  nudger.wrote(WEB, "42");
  await jest.advanceTimersByTimeAsync(200);
  expect(told()).toStrictEqual([]);
  await jest.advanceTimersByTimeAsync(500);
  expect(told()).toStrictEqual([patch("web-1", "42")]);
  expect(sent[0]).toMatchObject({
    method: "PATCH",
    contentType: "application/merge-patch+json",
    query: { fieldManager: "healthpolicy-nudge" },
  });
});

test("a deletion is told once the ConfigMap is gone, also when the pods are followed no more", async () => {
  nudger.deleted(WEB);
  known = [];
  await jest.advanceTimersByTimeAsync(1_700);
  expect([told(), looks]).toStrictEqual([[], 3]);
  stands = false;
  await jest.advanceTimersByTimeAsync(1_500);
  expect(told()).toStrictEqual([patch("web-1", "deleted")]);
  await jest.advanceTimersByTimeAsync(60_000);
  expect(looks).toBe(4);
});

test("a ConfigMap that is never collected is given up, and one that nobody follows is not looked for", async () => {
  nudger.deleted(WEB);
  await jest.advanceTimersByTimeAsync(120_000);
  expect(looks).toBe(60);
  nudger.deleted({ namespace: "shop", name: "without-pods" });
  await jest.advanceTimersByTimeAsync(120_000);
  expect([looks, sent.length]).toStrictEqual([60, 0]);
});

test("10,000 pods cost 50 calls a second for a minute, and the kubelets of the others look by themselves", async () => {
  known = Array.from({ length: 10_000 }, (_, index) => boundPod(`web-${index}`));
  nudger.wrote(WEB, "42");
  await jest.advanceTimersByTimeAsync(1_250);
  expect(sent.length).toBeLessThanOrEqual(62);
  await jest.advanceTimersByTimeAsync(300_000);
  expect(sent.length).toBeLessThanOrEqual(3_000);
  expect(sent.length).toBeGreaterThan(2_900);
});

test.each([404, 409])("%d: the pod is gone, which is no failure", async (code) => {
  answer = () => Promise.reject(new ApiError("patching", { code, body: "{}" }));
  nudger.wrote(WEB, "42");
  await jest.advanceTimersByTimeAsync(10_000);
  expect([sent.length, warnings.length]).toStrictEqual([1, 0]);
});

test("what cannot be done is logged once a minute, with how often", async () => {
  known = Array.from({ length: 10 }, (_, index) => boundPod(`web-${index}`));
  answer = () => Promise.reject(new ApiError("patching", { code: 403, body: "{}" }));
  nudger.wrote(WEB, "42");
  await jest.advanceTimersByTimeAsync(60_000);
  expect(sent).toHaveLength(30);
  expect(warnings).toHaveLength(1);
  nudger.wrote(WEB, "43");
  await jest.advanceTimersByTimeAsync(60_000);
  expect(warnings[1]).toMatchObject({ failed: 10 });
});
