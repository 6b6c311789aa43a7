import { expect, test } from "@jest/globals";
import { policyItem, rolloutItem, type WorkItem, workItemKey } from "./work-item.ts";

test("equal items have one key, different ones never", () => {
  const items: WorkItem[] = [
    { kind: "certificate" },
    { kind: "webhookConfiguration" },
    { kind: "webhookProof" },
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
    "imagePulls",
    "a/certificate",
    "a/b",
    "b/a",
    "rollout/a/b",
  ]);
});
