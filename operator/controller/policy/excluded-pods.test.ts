import { expect, test } from "@jest/globals";
import { podOf } from "../pods/testing/pod-of.ts";
import { excludedPods } from "./excluded-pods.ts";

test("a pod without the sidecar is skipped, because no restart gives it one", () => {
  const { sidecar: _, ...bare } = podOf();
  expect(excludedPods([bare], "It is excluded.")).toStrictEqual([
    { ...bare, skipped: { reason: "NamespaceExcluded", message: "It is excluded." } },
  ]);
});

test("one that has the sidecar follows the policy still, and one that is skipped keeps its reason", () => {
  const { sidecar: _, ...bare } = podOf();
  const pods = [podOf(), { ...bare, skipped: { reason: "OptedOut", message: "It is." } as const }];
  expect(excludedPods(pods, "It is excluded.")).toStrictEqual(pods);
});
