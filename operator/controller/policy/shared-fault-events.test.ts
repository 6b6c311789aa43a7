import { expect, test } from "@jest/globals";
import type { HealthPolicyStatus } from "../../api/v1alpha1-status.ts";
import { sharedFaultEvents } from "./shared-fault-events.ts";

const WEB = { namespace: "shop", name: "web", uid: "6f1c" };
const regarding = { apiVersion: "healthpolicy.dev/v1alpha1", kind: "HealthPolicy", ...WEB };
const statusOf = (sharedPods?: number): HealthPolicyStatus => ({
  dependencies: [
    {
      name: "orders-db",
      failingPods: 0,
      reason: "ConnectionRefused",
      ...(sharedPods && { sharedPods }),
    },
    { name: "sessions", failingPods: 1, reason: "HostNotFound" },
  ],
});
const shared = statusOf(3);

test("says which dependency, and why, when the fault begins", () => {
  const want = {
    regarding,
    type: "Warning",
    reason: "SharedFault",
    message:
      "More pods than fleet.maxUnready lets go have the same fault, and stay ready: orders-db: ConnectionRefused",
  };
  expect(sharedFaultEvents(WEB, statusOf(), shared)).toStrictEqual([want]);
  expect(sharedFaultEvents(WEB, undefined, shared)).toStrictEqual([want]);
});

test.each([
  ["the dependency is up again", { dependencies: [] }],
  ["it is down for so few pods that they leave", statusOf()],
  ["nobody is asked any more", {}],
] as [string, HealthPolicyStatus][])(
  "says which dependency it was, once the fault is over: %s",
  (_name, next) => {
    const message = "No pod stays ready any more because of a fault that others share: orders-db";
    const over = { regarding, type: "Normal", reason: "SharedFaultOver", message };
    expect(sharedFaultEvents(WEB, shared, next)).toStrictEqual([over]);
  },
);

test.each([
  ["goes on", shared, statusOf(1)],
  ["never was", statusOf(), statusOf()],
  [
    "is that of a dry run, whose pods stay ready anyhow",
    statusOf(),
    { ...shared, effective: { mode: "DryRun" } },
  ],
] as [string, HealthPolicyStatus, HealthPolicyStatus][])(
  "says nothing when it %s",
  (_name, previous, next) => {
    expect(sharedFaultEvents(WEB, previous, next)).toStrictEqual([]);
  },
);

test("of faults that overlap each is told when it begins and when it is over", () => {
  const sharing = (...names: string[]): HealthPolicyStatus => ({
    dependencies: names.map((name) => ({
      name,
      failingPods: 0,
      sharedPods: 3,
      reason: "HostNotFound",
    })),
  });
  const steps = [["pg"], ["pg", "mc"], ["mc", "pg"], ["mc"], ["web", "api"], []];
  const told = steps.map((names, step) =>
    sharedFaultEvents(WEB, sharing(...(steps[step - 1] ?? [])), sharing(...names)).map(
      ({ reason, message }) => `${reason}${message.slice(message.indexOf(":"))}`,
    ),
  );
  expect(told).toStrictEqual([
    ["SharedFault: pg: HostNotFound"],
    ["SharedFault: mc: HostNotFound"],
    [],
    ["SharedFaultOver: pg"],
    ["SharedFaultOver: mc", "SharedFault: web: HostNotFound, api: HostNotFound"],
    ["SharedFaultOver: web, api"],
  ]);
});
