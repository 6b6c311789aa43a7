import { expect, test } from "@jest/globals";
import { podOf } from "../pods/testing/pod-of.ts";
import { readyReplicas } from "./ready-replicas.ts";

test("replicas are the ready pods with the labels of this one", () => {
  const labels = {
    "app.kubernetes.io/name": "healthpolicy",
    "app.kubernetes.io/instance": "main",
    "app.kubernetes.io/component": "operator",
  };
  const pods = [
    podOf({ name: "self", labels, ready: true }),
    podOf({ name: "sibling", labels: { ...labels, "pod-template-hash": "x" } }),
    podOf({ name: "starting", labels, ready: false }),
    podOf({ name: "no-address", labels, ip: undefined }),
    podOf({ name: "other-release", labels: { ...labels, "app.kubernetes.io/instance": "b" } }),
  ];
  expect(readyReplicas(pods, "self").map(({ name }) => name)).toEqual(["self", "sibling"]);
  expect(readyReplicas(pods, "unknown")).toEqual([]);
});
