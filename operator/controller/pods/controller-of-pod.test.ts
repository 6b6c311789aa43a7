import { expect, test } from "@jest/globals";
import { controllerOfPod } from "./controller-of-pod.ts";

const UID = "0f8fad5b-d9cb-469f-a165-70867728950e";
const REPLICA_SET = { apiVersion: "apps/v1", kind: "ReplicaSet", name: "web-5d8c", uid: UID };

test.each([
  REPLICA_SET,
  { apiVersion: "apps/v1", kind: "StatefulSet", name: "db", uid: UID },
  { apiVersion: "apps/v1", kind: "DaemonSet", name: "agent", uid: UID },
  { apiVersion: "batch/v1", kind: "Job", name: "migrate", uid: UID },
  { apiVersion: "v1", kind: "ReplicationController", name: "old", uid: UID },
])("$kind", (owner) => {
  const another = { ...owner, name: "another" };
  expect(controllerOfPod([another, { ...owner, controller: true }])).toStrictEqual(owner);
});

test.each([
  ["no owner", undefined],
  ["none that controls it", [REPLICA_SET]],
  ["a kind that others define", [{ ...REPLICA_SET, controller: true, kind: "Rollout" }]],
  ["a known kind of another group", [{ ...REPLICA_SET, controller: true, apiVersion: "x/v1" }]],
  ["a name that is none", [{ ...REPLICA_SET, controller: true, name: "web; rm -rf" }]],
  ["a uid that is none", [{ ...REPLICA_SET, controller: true, uid: `${UID}\n` }]],
  ["nothing in it", [{ controller: true }]],
])("%s: none", (_what, owners) => {
  expect(controllerOfPod(owners)).toBeUndefined();
});
