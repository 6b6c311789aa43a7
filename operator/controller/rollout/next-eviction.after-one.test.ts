/** What follows an eviction: the next one, a wait, or a workload that is left alone. */
import { describe, expect, test } from "@jest/globals";
import type { PodRecord } from "../pods/pod-record.ts";
import { nextEviction, type RolloutFacts } from "./next-eviction.ts";
import {
  currentPod,
  evictingOf,
  factsOf,
  inWorkload,
  planInWords,
  pod,
} from "./testing/rollout-facts.ts";

/** The last eviction's successor is there, and has stayed ready for longer than anybody waits. */
const SETTLED: Partial<RolloutFacts> = { seen: { since: { readySince: 0 }, leftAlone: new Map() } };

const UNREADY = { ready: false };
const TERMINATING = { terminating: true as const };

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
    expect(planInWords({ before, pods })).toBe(expected);
  });

  test.each<[string, PodRecord[]]>([
    ["the new pod has stayed ready", [currentPod("web-9"), pod("web-1"), pod("web-2")]],
    ["the workload was scaled down meanwhile", [currentPod("web-9"), pod("web-1")]],
  ])("%s: the next one goes", (_, pods) => {
    expect(planInWords({ before, pods, ...SETTLED })).toBe("evict web-1");
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
    expect(planInWords({ before, pods, evictedUid: "uid-of-web-0" })).toBe(
      "Waits for Deployment/web: pod web-0 is being deleted.",
    );
  });

  test("new pods that wait for the policy of another revision are judged by their number alone", () => {
    const edited = { evicting: evictingOf({ revision: "before the edit" }) };
    const pods = [
      currentPod("web-9", { sidecar: { policy: "web", revision: "before the edit", ready: true } }),
      pod("web-1"),
    ];
    expect(planInWords({ before: edited, pods })).toBe(
      "Waits for Deployment/web: 2 of 3 pods are there.",
    );
    expect(planInWords({ before: edited, pods: [...pods, pod("web-2")], ...SETTLED })).toBe(
      "evict web-1",
    );
    // After the way back two pods are as the policy asks once more, and the new one is missing still.
    const current = [currentPod("web-8"), currentPod("web-9")];
    expect(planInWords({ before: edited, pods: current })).toBe(
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
    expect(planInWords({ before: { stopped }, seen, pods: BACK })).toBe(LEFT_ALONE);
    expect(planInWords({ before: { stopped }, seen, pods: [...BACK, currentPod("web-8")] })).toBe(
      "evict web-1",
    );
  });

  test("when its pod was not replaced for a long time", () => {
    const before = { evicting: evictingOf() };
    const seen = { since: { goneSince: 0 }, leftAlone: new Map() };
    expect(planInWords({ before, seen, now: 600_001, pods: [pod("web-1")] })).toBe(LEFT_ALONE);
  });

  test("while the others go on", () => {
    expect(planInWords({ before: { stopped }, pods: [...BACK, OTHER, OTHERS] })).toBe("evict a-1");
    expect(planInWords({ before: { stopped }, pods: BACK })).toBe(LEFT_ALONE);
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
    expect(planInWords({ before: { stopped: names.slice(1) }, pods })).toBe("evict a-1");
    expect(planInWords({ before: { stopped: names }, pods })).toMatch(
      /^Left alone: Deployment\/w0 and 9 more, where/,
    );
  });
});
