/** Which pod is evicted first, or what is waited for: every rule. */
import { describe, expect, test } from "@jest/globals";
import { claimsOf } from "../../api/claims.ts";
import { testPolicy } from "../../api/testing/policy.ts";
import { revisionOf } from "../../inject/revision.ts";
import type { PodRecord } from "../pods/pod-record.ts";
import { nextEviction, type RolloutFacts } from "./next-eviction.ts";
import {
  currentPod,
  factsOf,
  inWorkload,
  planInWords,
  pod,
  RESTART,
} from "./testing/rollout-facts.ts";

const sidecar = (overrides: Partial<NonNullable<PodRecord["sidecar"]>>) => ({
  sidecar: { policy: "web", revision: revisionOf(RESTART), ready: true, ...overrides },
});
const UNREADY = { ready: false };
const TERMINATING = { terminating: true as const };
const older = testPolicy({
  name: "older",
  creationTimestamp: "2025-01-01T00:00:00Z",
  rollout: "Restart",
});

describe("the pod that goes", () => {
  test.each<[string, PodRecord[], string]>([
    ["the oldest", [pod("web-1"), pod("web-2", { created: 999 })], "evict web-2"],
    ["of equally old ones the first by name", [pod("web-2"), pod("web-1")], "evict web-1"],
    [
      "of a StatefulSet the last",
      [
        pod("db-2", { ...inWorkload("StatefulSet/db"), created: 1 }),
        pod("db-10", { ...inWorkload("StatefulSet/db"), created: 2 }),
      ],
      "evict db-10",
    ],
    [
      "one of the workload with most pods",
      [pod("a-1", inWorkload("Deployment/a")), pod("web-1"), currentPod("web-2")],
      "evict web-1",
    ],
    [
      "one of the next workload, where the first has to wait",
      [
        pod("web-1"),
        pod("web-2", UNREADY),
        pod("a-1", inWorkload("Deployment/a")),
        currentPod("a-2", inWorkload("Deployment/a")),
      ],
      "evict a-1",
    ],
    [
      "one of a kind that is none of Kubernetes' own",
      [pod("x-1", inWorkload("CloneSet/x")), currentPod("x-2", inWorkload("CloneSet/x"))],
      "evict x-1",
    ],
    [
      "one of an older revision",
      [currentPod("web-1", sidecar({ revision: "old" })), currentPod("web-2")],
      "evict web-1",
    ],
    [
      "one of a policy that had the pod before",
      [currentPod("web-1", sidecar({ policy: "renamed" })), currentPod("web-2")],
      "evict web-1",
    ],
  ])("is %s", (_, pods, expected) => {
    expect(planInWords({ pods })).toBe(expected);
  });

  test("is told with the state of its workload before", () => {
    const pods = [pod("web-1"), currentPod("web-2"), pod("other", inWorkload("Deployment/other"))];
    expect(nextEviction(factsOf({ pods }))).toMatchObject({
      do: "evict",
      reason: "missing",
      evicting: {
        workload: "Deployment/web",
        pod: "web-1",
        uid: "uid-of-web-1",
        revision: revisionOf(RESTART),
        pods: 2,
        current: 1,
      },
    });
    const outdated = [currentPod("web-1", sidecar({ revision: "old" })), currentPod("web-2")];
    expect(nextEviction(factsOf({ pods: outdated }))).toMatchObject({ reason: "outdated" });
  });
});

test("a workload of one pod is left to the user, and the others go on", () => {
  const single = pod("one", inWorkload("Deployment/one"));
  expect(planInWords({ pods: [single] })).toBe(
    "Left to you: Deployment/one has one pod, and none while that is replaced: restart it yourself.",
  );
  expect(planInWords({ pods: [single, pod("web-1"), pod("web-2")] })).toBe("evict web-1");
});

describe("pods that stay", () => {
  const skipped = { reason: "OptedOut", message: "The pod is opted out." } as const;
  test.each<[string, PodRecord[]]>([
    ["as the policy asks", [currentPod("web-1")]],
    [
      "of another format of the policy file",
      [currentPod("web-1", sidecar({ revision: revisionOf(RESTART, 2) }))],
    ],
    ["opted out, or of a kind that is never injected", [pod("web-1", { skipped })]],
    ["not selected", [pod("web-1", { labels: { app: "other" } })]],
    [
      "not selected any more, though they follow the policy",
      [currentPod("web-1", { labels: {}, ...sidecar({ revision: "old" }) })],
    ],
    ["being deleted", [pod("web-1", TERMINATING)]],
    ["none", []],
  ])("%s", (_, pods) => {
    expect(planInWords({ pods })).toBe("nothing");
  });

  test("claimed by an older policy", () => {
    expect(planInWords({ claims: claimsOf([RESTART, older]) })).toBe("nothing");
  });

  test("of a dry run, as they are when it is enforced", () => {
    const policy = testPolicy({
      rollout: "Restart",
      mode: "DryRun",
      application: { probes: "Align" },
    });
    const enforced = revisionOf({ ...policy, mode: "Enforce" });
    const pods = [currentPod("web-1", sidecar({ revision: enforced }))];
    expect(planInWords({ policy, claims: claimsOf([policy]), pods })).toBe("nothing");
  });

  test.each(["Pod/web-1", "Node/worker"])("without a controller that makes pods: %s", (owner) => {
    expect(planInWords({ pods: [pod("web-1", inWorkload(owner))] })).toBe(
      "1 pod has no controller that would make a new one, and is not evicted: delete and create it again.",
    );
    expect(
      planInWords({ pods: [pod("web-1", inWorkload(owner)), pod("web-2"), currentPod("web-3")] }),
    ).toBe("evict web-2");
  });
});

describe("nothing is evicted", () => {
  test.each<[string, Partial<RolloutFacts>, string]>([
    [
      "in the cluster's own namespaces",
      { excluded: true },
      "Pods of this namespace are never evicted.",
    ],
    [
      "without the right to",
      { evictionsPerMinute: 0 },
      "The operator may not evict pods: rollout.evictionsPerMinute is 0 in the chart's values. Restart them yourself.",
    ],
    [
      "before the policy is in force",
      { inForce: false },
      "Waits until the policy is accepted and programmed.",
    ],
    [
      "where injection went on with nothing to show that sidecars start",
      { isImageUnproven: true },
      "Waits until a new pod of the namespace has started with the sidecar's image, which nodes could not pull or start a while ago.",
    ],
    ...(["unreachable", "unknown"] as const).map(
      (state): [string, Partial<RolloutFacts>, string] => [
        `while the webhook is ${state}`,
        { webhookReach: { state, message: "" } },
        "Waits until API servers are proven to reach the operator's webhook: new pods would get no sidecar.",
      ],
    ),
    [
      "while a pod of the workload is not ready, selected or not",
      { pods: [pod("web-1"), pod("web-2"), currentPod("web-3", { ...UNREADY, labels: {} })] },
      "Waits for Deployment/web: 1 of 3 pods is not ready.",
    ],
    [
      "while several are not",
      { pods: [pod("web-1", UNREADY), pod("web-2", UNREADY)] },
      "Waits for Deployment/web: 2 of 2 pods are not ready.",
    ],
    [
      "while a pod of the workload is being deleted",
      { pods: [pod("web-1"), currentPod("web-2", TERMINATING)] },
      "Waits for Deployment/web: pod web-2 is being deleted.",
    ],
    [
      "where it was refused a moment ago",
      { refused: (workload) => (workload === "Deployment/web" ? "Waits: no." : undefined) },
      "Waits: no.",
    ],
  ])("%s", (_, overrides, expected) => {
    expect(planInWords(overrides)).toBe(expected);
  });
});
