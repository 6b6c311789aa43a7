import { afterEach, beforeEach, expect, jest, test } from "@jest/globals";
import { claimsOf } from "../../api/claims.ts";
import { testPolicy } from "../../api/testing/policy.ts";
import { revisionOf } from "../../inject/revision.ts";
import type { PodRecord } from "../pods/pod-record.ts";
import { podOf } from "../pods/testing/pod-of.ts";
import type { EventToRecord } from "./event-object.ts";
import {
  createTellInjections,
  TELLS_MILLISECONDS,
  type TellInjections,
} from "./tell-injections.ts";

const policy = testPolicy();
const REPLICA_SET = { apiVersion: "apps/v1", kind: "ReplicaSet", name: "web-5d8c", uid: "rs-1" };
const HOST_NETWORK = {
  reason: "HostNetwork",
  message: "The pod uses the node's network.",
} as const;

let said: EventToRecord[];
let tell: TellInjections;
beforeEach(() => {
  jest.useFakeTimers({ now: new Date("2026-01-02T03:04:05Z") });
  said = [];
  tell = createTellInjections({ record: (event) => said.push(event) });
});
afterEach(() => {
  jest.useRealTimers();
});

/** A pod of the ReplicaSet that has just been created. */
function pod(change: Partial<PodRecord> = {}): PodRecord {
  return podOf({ controller: REPLICA_SET, created: Date.now() / 1_000, ...change });
}
function skipped(change: Partial<PodRecord> = {}): PodRecord {
  const { sidecar: _, ...bare } = pod({ skipped: HOST_NETWORK, ...change });
  return bare;
}
const look = (...pods: PodRecord[]) => tell.look({ policy, claims: claimsOf([policy]), pods });
const short = () =>
  said.map(({ regarding, reason, message }) => `${regarding.name} ${reason}: ${message}`);

test("an owner whose pods are injected is told so once for each revision", () => {
  look(pod(), pod({ uid: "uid-2" }));
  look(pod(), pod({ uid: "uid-2" }));
  expect(said).toStrictEqual([
    {
      regarding: { ...REPLICA_SET, namespace: "shop" },
      type: "Normal",
      reason: "Injected",
      message: "Pods get the sidecar of HealthPolicy web.",
      once: `web/${revisionOf(policy)}`,
    },
  ]);
  const edited = testPolicy({ probe: { periodSeconds: 3, timeoutSeconds: 5 } });
  const revision = revisionOf(edited);
  const sidecar = { policy: "web", revision, ready: true };
  tell.look({ policy: edited, claims: claimsOf([edited]), pods: [pod({ sidecar })] });
  expect(said.map(({ once }) => once)).toStrictEqual([
    `web/${revisionOf(policy)}`,
    `web/${revision}`,
  ]);
});

test("an owner whose pods are skipped is told why, once", () => {
  look(skipped(), skipped({ uid: "uid-2" }));
  look(skipped());
  expect(short()).toStrictEqual([
    "web-5d8c InjectionSkipped: HostNetwork: The pod uses the node's network. HealthPolicy web matches it.",
  ]);
  look(skipped({ skipped: { reason: "OptedOut", message: "It is." } }));
  expect(said).toHaveLength(2);
});

test("a pod that nothing makes is told itself", () => {
  look(pod({ controller: undefined }));
  expect(said[0]?.regarding).toStrictEqual({
    ...{ apiVersion: "v1", kind: "Pod", namespace: "shop" },
    ...{ name: "web-1", uid: "uid-of-web-1" },
  });
});

test("pods that are older than what a new leader may have missed say nothing", () => {
  const created = (Date.now() - TELLS_MILLISECONDS) / 1_000;
  look(pod({ created: created - 1 }), skipped({ created: created - 1 }));
  expect(said).toStrictEqual([]);
  look(pod({ created }));
  expect(said).toHaveLength(1);
});

const stranger = { app: "db" };
const sidecar = (change: object) => ({
  sidecar: { policy: "web", revision: revisionOf(policy), ready: true, ...change },
});
test.each([
  ["of another policy", pod(sidecar({ policy: "another" }))],
  ["of another revision, which may be any text", pod(sidecar({ revision: "rm -rf" }))],
  ["that the policy does not select", skipped({ labels: stranger })],
  ["of a Job", skipped({ skipped: { reason: "RestartPolicy", message: "It ends." } })],
  ["without a sidecar, as the webhook was not reached", skipped({ skipped: undefined })],
  ["injected before it was opted out", pod({ ...sidecar({ policy: "x" }), skipped: HOST_NETWORK })],
])("nothing is said of a pod %s", (_what, one) => {
  look(one);
  expect(said).toStrictEqual([]);
});

test("of a pod that an older policy has, the older one says it", () => {
  const older = testPolicy({ name: "older", creationTimestamp: "2020-01-01T00:00:00Z" });
  const pods = [skipped()];
  tell.look({ policy, claims: claimsOf([policy, older]), pods });
  expect(said).toStrictEqual([]);
  tell.look({ policy: older, claims: claimsOf([policy, older]), pods });
  expect(said).toHaveLength(1);
});

test("no more is remembered than may be", () => {
  const pods = Array.from({ length: 5_001 }, (_, n) => pod({ controller: undefined, uid: `${n}` }));
  look(...pods);
  expect(said).toHaveLength(5_001);
  look(...pods.slice(-1));
  expect(said).toHaveLength(5_001);
  look(...pods.slice(0, 1));
  expect(said).toHaveLength(5_002);
});
