import { expect, test } from "@jest/globals";
import type { Condition } from "../../api/v1alpha1-conditions.ts";
import { statusReason } from "./status-reason.ts";

function ready(status: "True" | "False", reason: string): Condition[] {
  const common = { message: "", observedGeneration: 1, lastTransitionTime: "2026-01-01T00:00:00Z" };
  return [
    { type: "Accepted", status: "True", reason: "Accepted", ...common },
    { type: "Ready", status, reason, ...common },
  ];
}
const failing = (name: string, failingPods: number) => ({
  name,
  failingPods,
  reason: "ConnectionRefused",
});

test.each([
  ["nothing gates", ready("True", "Ready"), undefined, "Ready"],
  ["nothing gates any more", ready("True", "Ready"), [], "Ready"],
  ["one gates", ready("True", "Ready"), [failing("db", 1)], "db: ConnectionRefused"],
  [
    "two gate: that of most pods",
    ready("True", "Ready"),
    [failing("db", 1), failing("cache", 2)],
    "cache: ConnectionRefused",
  ],
  [
    "two gate alike: the policy's first",
    ready("True", "NoPods"),
    [failing("db", 2), failing("cache", 2)],
    "db: ConnectionRefused",
  ],
  [
    "the policy is not ready either",
    ready("False", "WebhookUnreachable"),
    [failing("db", 1)],
    "WebhookUnreachable, db: ConnectionRefused",
  ],
  ["a dry run", ready("True", "DryRun"), [failing("db", 1)], "DryRun"],
  ["no reason is known", ready("True", "Ready"), [{ name: "db", failingPods: 1 }], "Ready"],
])("%s", (_what, conditions, dependencies, reason) => {
  expect(statusReason(conditions, dependencies)).toBe(reason);
});
