import { afterEach, beforeEach, expect, jest, test } from "@jest/globals";
import type { EventToRecord } from "../events/event-object.ts";
import { ApiError } from "../kube/api-error.ts";
import type { KubeRequest } from "../kube/kube-client.ts";
import type { PodRecord } from "../pods/pod-record.ts";
import { podOf } from "../pods/testing/pod-of.ts";
import { createNudger, type Nudger } from "./nudge-pods.ts";
import { createTellNudges } from "./tell-nudges.ts";

const WEB = { namespace: "shop", name: "web", uid: "6f1c" };

let sent: KubeRequest[];
let answer: () => Promise<void>;
/** What the API server makes of a patch. */
let stored: (body: unknown) => unknown;
let known: PodRecord[];
let synced: boolean;
let stands: () => Promise<boolean>;
let looks: number;
let results: string[];
let events: EventToRecord[];
let nudger: Nudger;

beforeEach(() => {
  jest.useFakeTimers();
  sent = [];
  answer = () => Promise.resolve();
  stored = (body) => body;
  known = [boundPod("web-1"), boundPod("other", "another"), podOf({ sidecar: undefined as never })];
  synced = true;
  stands = () => Promise.resolve(true);
  looks = 0;
  results = [];
  events = [];
  nudger = createNudger({
    client: {
      request: async <T>(request: KubeRequest) => {
        sent.push(request);
        await answer();
        return stored(request.body) as T;
      },
    },
    pods: {
      pods: (namespace) => known.filter((pod) => pod.namespace === namespace),
      synced: () => synced,
    },
    stands: () => {
      looks += 1;
      return stands();
    },
    tell: createTellNudges({
      events: { record: (event) => events.push(event) },
      onResult: (result) => results.push(result),
      log: { warn: () => {} },
    }),
  });
});
afterEach(async () => {
  await nudger.stop();
  jest.useRealTimers();
});

function boundPod(name: string, policy = "web"): PodRecord {
  const sidecar = { policy, revision: "abc", ready: true, port: 19_847 };
  return podOf({ name, uid: `uid-of-${name}`, sidecar });
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

test("a pod whose sidecar has not started is not told: its kubelet looks as it starts", async () => {
  known.push(
    podOf({
      name: "web-2",
      uid: "uid-of-web-2",
      sidecar: { policy: "web", revision: "abc", ready: false },
    }),
  );
  nudger.wrote(WEB, "42");
  await jest.advanceTimersByTimeAsync(10_000);
  expect(told()).toStrictEqual([patch("web-1", "42")]);
});

test("pods of a policy that is made again are told once their namespace is known again, of the last version only", async () => {
  const pods = known;
  [known, synced] = [[], false];
  nudger.wrote(WEB, "41");
  await jest.advanceTimersByTimeAsync(5_000);
  nudger.wrote(WEB, "42");
  await jest.advanceTimersByTimeAsync(5_000);
  expect(told()).toStrictEqual([]);
  [known, synced] = [pods, true];
  await jest.advanceTimersByTimeAsync(1_000);
  expect(told()).toStrictEqual([patch("web-1", "42")]);
});

test("an edit right after another takes the places of its nudges that wait, and pods beyond the bound are counted", async () => {
  known = Array.from({ length: 1_000 }, (_, index) => boundPod(`web-${index}`));
  nudger.wrote(WEB, "41");
  await jest.advanceTimersByTimeAsync(2_000);
  const before = sent.length;
  nudger.wrote(WEB, "42");
  await jest.advanceTimersByTimeAsync(60_000);
  expect(sent.length - before).toBe(1_000);
  const others = Array.from({ length: 4_000 }, (_, index) => boundPod(`other-${index}`, "another"));
  known = [...others, boundPod("web-1")];
  results = [];
  nudger.wrote({ ...WEB, name: "another" }, "43");
  nudger.wrote(WEB, "44");
  await jest.advanceTimersByTimeAsync(120_000);
  expect(results).toHaveLength(known.length);
});

test("pods that are not known within a minute are told of nothing: their kubelets have looked", async () => {
  const pods = known;
  [known, synced] = [[], false];
  nudger.wrote(WEB, "42");
  await jest.advanceTimersByTimeAsync(61_000);
  [known, synced] = [pods, true];
  await jest.advanceTimersByTimeAsync(60_000);
  expect(told()).toStrictEqual([]);
});

test("a policy that is made again before its ConfigMap is collected is not waited for any more", async () => {
  nudger.deleted(WEB);
  await jest.advanceTimersByTimeAsync(700);
  nudger.wrote(WEB, "42");
  await jest.advanceTimersByTimeAsync(60_000);
  expect([told(), looks, results]).toStrictEqual([[patch("web-1", "42")], 1, ["nudged"]]);
});

test("a namespace with one pod does not wait for the pods of another one", async () => {
  const many = Array.from({ length: 10_000 }, (_, index) => boundPod(`web-${index}`));
  known = [...many, { ...boundPod("bank-1"), namespace: "bank" }];
  nudger.wrote(WEB, "41");
  nudger.wrote({ ...WEB, namespace: "bank" }, "42");
  await jest.advanceTimersByTimeAsync(1_250);
  expect(sent.map(({ path }) => path)).toContain("/api/v1/namespaces/bank/pods/bank-1");
});

test("a deletion is told once the ConfigMap is gone, also when the pods are followed no more", async () => {
  nudger.deleted(WEB);
  known = [];
  await jest.advanceTimersByTimeAsync(1_700);
  expect([told(), looks]).toStrictEqual([[], 3]);
  stands = () => Promise.resolve(false);
  await jest.advanceTimersByTimeAsync(1_500);
  expect(told()).toStrictEqual([patch("web-1", "deleted")]);
  await jest.advanceTimersByTimeAsync(60_000);
  expect(looks).toBe(4);
});

test("a ConfigMap that is never collected is given up, and one that nobody follows is not looked for", async () => {
  nudger.deleted(WEB);
  await jest.advanceTimersByTimeAsync(120_000);
  expect([looks, results]).toStrictEqual([60, ["left_out"]]);
  nudger.deleted({ namespace: "shop", name: "without-pods", uid: "7a2d" });
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
  const leftOut = results.filter((result) => result === "left_out").length;
  expect(leftOut).toBe(known.length - sent.length);
});

test("what is nudged is counted", async () => {
  nudger.wrote(WEB, "42");
  await jest.advanceTimersByTimeAsync(10_000);
  expect(results).toStrictEqual(["nudged"]);
});

/** As Kubernetes 1.36 answers where another pod has taken the name, as those of a StatefulSet do. */
const ANOTHER_UID = {
  kind: "Status",
  reason: "Invalid",
  message: 'Pod "web-1" is invalid: metadata.uid: Invalid value: "1": field is immutable',
  details: { name: "web-1", causes: [{ reason: "FieldValueInvalid", field: "metadata.uid" }] },
};

test.each<[number, object]>([
  [404, {}],
  [422, ANOTHER_UID],
])("%d: the pod is gone, and not tried again", async (code, status) => {
  const error = new ApiError("patching", { code, body: JSON.stringify(status) });
  answer = () => Promise.reject(error);
  nudger.wrote(WEB, "42");
  await jest.advanceTimersByTimeAsync(10_000);
  expect([sent.length, results, events]).toStrictEqual([1, ["gone"], []]);
});

test("409: others write to the pod, which is tried again", async () => {
  answer = () =>
    sent.length > 1
      ? Promise.resolve()
      : Promise.reject(new ApiError("patching", { code: 409, body: "{}" }));
  nudger.wrote(WEB, "42");
  await jest.advanceTimersByTimeAsync(10_000);
  expect([sent.length, results, events]).toStrictEqual([2, ["nudged"], []]);
});

test("what cannot be done is tried twice more, counted for each pod, and told once of the policy", async () => {
  known = Array.from({ length: 10 }, (_, index) => boundPod(`web-${index}`));
  answer = () => Promise.reject(new ApiError("patching", { code: 403, body: "{}" }));
  nudger.wrote(WEB, "42");
  await jest.advanceTimersByTimeAsync(60_000);
  expect(sent).toHaveLength(30);
  expect(results).toStrictEqual(Array.from({ length: 10 }, () => "refused"));
  expect(events).toMatchObject([{ reason: "NudgeFailed", regarding: WEB }]);
});

test("a webhook that takes the annotation away is told of", async () => {
  stored = () => ({ metadata: { annotations: {} } });
  nudger.wrote(WEB, "42");
  await jest.advanceTimersByTimeAsync(10_000);
  expect([sent.length, results]).toStrictEqual([3, ["refused"]]);
  expect(events[0]?.message).toContain("took the operator's annotation away again");
});

test("where nobody can say whether the ConfigMap of a deleted policy stands, that is told", async () => {
  nudger.deleted(WEB);
  stands = () => Promise.reject(new Error("socket hang up"));
  await jest.advanceTimersByTimeAsync(10_000);
  expect(results).toStrictEqual(["failed"]);
});
