import { expect, test } from "@jest/globals";
import { isNodeLost, type PodCondition } from "./node-lost.ts";

const conditions = (ready: PodCondition, containersReady: string): PodCondition[] => [
  { type: "PodScheduled", status: "True" },
  { type: "Ready", ...ready },
  { type: "ContainersReady", status: containersReady },
];

test.each<[string, PodCondition[] | undefined, boolean]>([
  ["the node controller has taken Ready away", conditions({ status: "False" }, "True"), true],
  ["the pod is ready", conditions({ status: "True" }, "True"), false],
  [
    "a readiness gate is not open",
    conditions({ status: "False", reason: "ReadinessGatesNotReady" }, "True"),
    false,
  ],
  [
    "a container is not ready",
    conditions({ status: "False", reason: "ContainersNotReady" }, "False"),
    false,
  ],
  ["who knows why: something that is no kubelet", conditions({ status: "False" }, "False"), false],
  ["only Ready is said", [{ type: "Ready", status: "False" }], false],
  ["nothing is said", [], false],
  ["there is no status", undefined, false],
])("%s", (_what, said, lost) => {
  expect(isNodeLost(said)).toBe(lost);
});
