import { expect, test } from "@jest/globals";
import { policyItem, rolloutItem, type WorkItem, workItemGroup, workItemKey } from "./work-item.ts";

test("equal items have one key, different ones never", () => {
  const items: WorkItem[] = [
    { kind: "certificate" },
    { kind: "webhookConfiguration" },
    { kind: "webhookProof" },
    { kind: "nudgeProof" },
    { kind: "imagePulls" },
    policyItem({ namespace: "a", name: "certificate" }),
    policyItem({ namespace: "a", name: "b" }),
    policyItem({ namespace: "b", name: "a" }),
    rolloutItem({ namespace: "a", name: "b" }),
  ];
  expect(items.map(workItemKey)).toEqual([
    "certificate",
    "webhookConfiguration",
    "webhookProof",
    "nudgeProof",
    "imagePulls",
    "a/certificate",
    "a/b",
    "b/a",
    "rollout/a/b",
  ]);
});

test("work takes the turn of its namespace, whatever that is called, or of its kind", () => {
  const items: WorkItem[] = [
    { kind: "certificate" },
    { kind: "clusterPolicy", name: "a" },
    policyItem({ namespace: "certificate", name: "a" }),
    rolloutItem({ namespace: "certificate", name: "b" }),
  ];
  expect(items.map(workItemGroup)).toEqual([
    "/certificate",
    "/clusterPolicy",
    "certificate",
    "certificate",
  ]);
});
