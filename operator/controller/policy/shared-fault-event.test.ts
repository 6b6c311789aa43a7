import { expect, test } from "@jest/globals";
import type { HealthPolicyStatus } from "../../api/v1alpha1-status.ts";
import { sharedFaultEvent } from "./shared-fault-event.ts";

const WEB = { namespace: "shop", name: "web", uid: "6f1c" };
const statusOf = (reason: string): HealthPolicyStatus => ({
  conditions: [{ type: "Ready", status: "True", reason, message: "", lastTransitionTime: "" }],
  dependencies: [
    { name: "orders-db", failingPods: 0, sharedPods: 3, reason: "ConnectionRefused" },
    { name: "sessions", failingPods: 1, reason: "HostNotFound" },
  ],
});
const shared = statusOf("SharedFault");

test("says which dependency, and why, when the fault begins", () => {
  const want = {
    regarding: { apiVersion: "healthpolicy.dev/v1alpha1", kind: "HealthPolicy", ...WEB },
    type: "Warning",
    reason: "SharedFault",
    message:
      "More pods than fleet.maxUnready lets go have the same fault, and stay ready: orders-db: ConnectionRefused",
  };
  expect(sharedFaultEvent(WEB, statusOf("Ready"), shared)).toStrictEqual(want);
  expect(sharedFaultEvent(WEB, undefined, shared)).toStrictEqual(want);
});

test.each([
  ["goes on", shared, shared],
  ["is over", shared, statusOf("Ready")],
  ["never was", statusOf("Ready"), statusOf("NoPods")],
])("says nothing when it %s", (_name, previous, next) => {
  expect(sharedFaultEvent(WEB, previous, next)).toBeUndefined();
});
