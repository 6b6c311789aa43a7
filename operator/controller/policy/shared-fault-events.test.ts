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
    const message = "orders-db: no pod stays ready any more because others share this fault";
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

const BEGUN = "More pods than fleet.maxUnready lets go have the same fault, and stay ready:";
const OVER = "no pod stays ready any more because others share this fault";

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
      ({ reason, message }) => `${reason}: ${message}`,
    ),
  );
  expect(told).toStrictEqual([
    [`SharedFault: ${BEGUN} pg: HostNotFound`],
    [`SharedFault: ${BEGUN} mc: HostNotFound`],
    [],
    [`SharedFaultOver: pg: ${OVER}`],
    [`SharedFaultOver: mc: ${OVER}`, `SharedFault: ${BEGUN} web: HostNotFound, api: HostNotFound`],
    [`SharedFaultOver: web, api: ${OVER}`],
  ]);
});
