/** Which pod is evicted next, or what is waited for: every rule. */
import { describe, expect, test } from "@jest/globals";
import { claimsOf } from "../../api/claims.ts";
import { testPolicy } from "../../api/testing/policy.ts";
import { revisionOf } from "../../inject/revision.ts";
import type { PodRecord } from "../pods/pods.ts";
import { nextEviction, type RolloutFacts } from "./next-eviction.ts";
import {
  currentPod,
  evictingOf,
  factsOf,
  inWorkload,
  pod,
  RESTART,
} from "./testing/rollout-facts.ts";

/** The last eviction's successor is there, and has stayed ready for longer than anybody waits. */
const SETTLED: Partial<RolloutFacts> = { seen: { since: { readySince: 0 }, leftAlone: new Map() } };

/** The plan in one line: what is done, and to which pod or with which words. */
function plan(overrides: Partial<RolloutFacts>): string {
  const next = nextEviction(factsOf(overrides));
  if (next.do === "nothing") return "nothing";
  return next.do === "evict" ? `evict ${next.pod.name}` : next.message;
}

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
    expect(plan({ pods })).toBe(expected);
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
  expect(plan({ pods: [single] })).toBe(
    "Left to you: Deployment/one has one pod, and none while that is replaced: restart it yourself.",
  );
  expect(plan({ pods: [single, pod("web-1"), pod("web-2")] })).toBe("evict web-1");
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
    expect(plan({ pods })).toBe("nothing");
  });

  test("claimed by an older policy", () => {
    expect(plan({ claims: claimsOf([RESTART, older]) })).toBe("nothing");
  });

  test("of a dry run, as they are when it is enforced", () => {
    const policy = testPolicy({
      rollout: "Restart",
      mode: "DryRun",
      application: { probes: "Align" },
    });
    const enforced = revisionOf({ ...policy, mode: "Enforce" });
    const pods = [currentPod("web-1", sidecar({ revision: enforced }))];
    expect(plan({ policy, claims: claimsOf([policy]), pods })).toBe("nothing");
  });

  test.each(["Pod/web-1", "Node/worker"])("without a controller that makes pods: %s", (owner) => {
    expect(plan({ pods: [pod("web-1", inWorkload(owner))] })).toBe(
      "1 pod has no controller that would make a new one, and is not evicted: delete and create it again.",
    );
    expect(
      plan({ pods: [pod("web-1", inWorkload(owner)), pod("web-2"), currentPod("web-3")] }),
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
    expect(plan(overrides)).toBe(expected);
  });
});

describe("after an eviction", () => {
  const before = { evicting: evictingOf() };
  const OTHER = pod("a-1", inWorkload("Deployment/a"));

  test.each<[string, PodRecord[], string]>([
    [
      "the pod is going",
      [pod("web-0", TERMINATING), pod("web-1"), pod("web-2")],
      "Waits for Deployment/web: pod web-0 is being deleted.",
    ],
    [
      "the new pod is not ready",
      [currentPod("web-9", UNREADY), pod("web-1"), pod("web-2")],
      "Waits for Deployment/web: 1 of 3 pods is not ready.",
    ],
    [
      "the new pod is not there yet",
      [pod("web-1"), pod("web-2")],
      "Waits for Deployment/web: 2 of 3 pods are there.",
    ],
    ["no pod is there yet", [], "Waits for Deployment/web: 0 of 3 pods are there."],
    [
      "the new pod is ready for the first time",
      [currentPod("web-9"), pod("web-1"), pod("web-2")],
      "Waits for Deployment/web: its new pod has to stay ready for 16s.",
    ],
    [
      "the pod is there still: the eviction was never asked for",
      [pod("web-0"), pod("web-1"), pod("web-2")],
      "evict web-0",
    ],
  ])("%s", (_, pods, expected) => {
    expect(plan({ before, pods })).toBe(expected);
  });

  test.each<[string, PodRecord[]]>([
    ["the new pod has stayed ready", [currentPod("web-9"), pod("web-1"), pod("web-2")]],
    ["the workload was scaled down meanwhile", [currentPod("web-9"), pod("web-1")]],
  ])("%s: the next one goes", (_, pods) => {
    expect(plan({ before, pods, ...SETTLED })).toBe("evict web-1");
  });

  test("what was seen is for the next look, and forgotten with the eviction that it was seen of", () => {
    const pods = [currentPod("web-9"), pod("web-1"), pod("web-2")];
    const { seen, now } = factsOf();
    const first = nextEviction(factsOf({ before, pods }));
    expect(first.seen.since).toStrictEqual({ goneSince: now, successorAt: now, readySince: now });
    const next = factsOf({ before, pods, seen: first.seen, now: now + 16_000 });
    expect(nextEviction(next)).toMatchObject({ do: "evict", seen });
  });

  test("no other workload of the policy begins before the new pod is ready", () => {
    const pods = [currentPod("web-9", UNREADY), OTHER];
    const next = nextEviction(factsOf({ before, pods }));
    expect(next).toMatchObject({ do: "wait", evicting: evictingOf() });
  });

  test("the cache may not know yet that the pod is going", () => {
    const pods = [pod("web-0"), pod("web-1"), pod("web-2")];
    expect(plan({ before, pods, evictedUid: "uid-of-web-0" })).toBe(
      "Waits for Deployment/web: pod web-0 is being deleted.",
    );
  });

  test("new pods that wait for the policy of another revision are judged by their number alone", () => {
    const edited = { evicting: evictingOf({ revision: "before the edit" }) };
    const pods = [currentPod("web-9", sidecar({ revision: "before the edit" })), pod("web-1")];
    expect(plan({ before: edited, pods })).toBe("Waits for Deployment/web: 2 of 3 pods are there.");
    expect(plan({ before: edited, pods: [...pods, pod("web-2")], ...SETTLED })).toBe("evict web-1");
    // After the way back two pods are as the policy asks once more, and the new one is missing still.
    const current = [currentPod("web-8"), currentPod("web-9")];
    expect(plan({ before: edited, pods: current })).toBe(
      "Waits for Deployment/web: 2 of 3 pods are there.",
    );
  });
});

describe("a workload is left alone", () => {
  const LEFT_ALONE =
    "Left alone: Deployment/web, where an eviction brought no pod that is as the policy asks; restart it yourself, or edit the policy to have it tried again.";
  const BACK = [pod("web-9"), pod("web-1"), pod("web-2")];
  const OTHER = pod("a-1", inWorkload("Deployment/a"));
  const OTHERS = currentPod("a-2", inWorkload("Deployment/a"));
  const stopped = ["Deployment/web"];

  test("when its new pod came back without the sidecar", () => {
    const next = nextEviction(factsOf({ before: { evicting: evictingOf() }, pods: BACK }));
    const seen = { since: {}, leftAlone: new Map([["Deployment/web", 0]]) };
    expect(next).toStrictEqual({ do: "wait", message: LEFT_ALONE, stopped, seen });
  });

  test("until a pod has come there that is as the policy asks", () => {
    const seen = { since: {}, leftAlone: new Map([["Deployment/web", 0]]) };
    expect(plan({ before: { stopped }, seen, pods: BACK })).toBe(LEFT_ALONE);
    expect(plan({ before: { stopped }, seen, pods: [...BACK, currentPod("web-8")] })).toBe(
      "evict web-1",
    );
  });

  test("when its pod was not replaced for a long time", () => {
    const before = { evicting: evictingOf() };
    const seen = { since: { goneSince: 0 }, leftAlone: new Map() };
    expect(plan({ before, seen, now: 600_001, pods: [pod("web-1")] })).toBe(LEFT_ALONE);
  });

  test("while the others go on", () => {
    expect(plan({ before: { stopped }, pods: [...BACK, OTHER, OTHERS] })).toBe("evict a-1");
    expect(plan({ before: { stopped }, pods: BACK })).toBe(LEFT_ALONE);
  });

  test("no longer than its pods are to be restarted", () => {
    expect(
      nextEviction(factsOf({ before: { stopped }, pods: [currentPod("web-1")] })),
    ).toMatchObject({ do: "nothing", stopped: [] });
  });

  test("and all of them with ten", () => {
    const names = Array.from({ length: 10 }, (_, index) => `Deployment/w${index}`);
    const pods = [
      ...names.map((name) => pod(`of-${name.at(-1)}`, inWorkload(name))),
      OTHER,
      OTHERS,
    ];
    expect(plan({ before: { stopped: names.slice(1) }, pods })).toBe("evict a-1");
    expect(plan({ before: { stopped: names }, pods })).toMatch(
      /^Left alone: Deployment\/w0 and 9 more, where/,
    );
  });
});
