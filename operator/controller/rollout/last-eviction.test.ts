/** What became of an eviction, look after look. */
import { describe, expect, test } from "@jest/globals";
import { claimsOf } from "../../api/claims.ts";
import { revisionOf } from "../../inject/revision.ts";
import type { PodRecord } from "../pods/pod-record.ts";
import { type Evicting, type LastEviction, lastEviction, type SeenSince } from "./last-eviction.ts";
import { restartRule } from "./restartable.ts";
import { currentPod, evictingOf, pod, RESTART } from "./testing/rollout-facts.ts";
import { workloadStates } from "./workload-state.ts";

const SETTLES = 16_000;

interface Look {
  /** Milliseconds on the leader's clock. */
  at: number;
  pods: PodRecord[];
}

/** What the last of these looks says, each of which knows what the one before saw. */
function after(looks: readonly Look[], evicting: Evicting = evictingOf()): string {
  let seen: SeenSince = {};
  let last: LastEviction = { is: "over" };
  for (const { at, pods } of looks) {
    const states = workloadStates(pods, restartRule(RESTART, claimsOf([RESTART])));
    const revision = revisionOf(RESTART);
    last = lastEviction(evicting, states.get("Deployment/web"), {
      revision,
      seen,
      now: at,
      settles: SETTLES,
    });
    seen = last.is === "underWay" ? last.seen : {};
  }
  return last.is === "underWay" ? last.message : last.is;
}

const OLD = [pod("web-1"), pod("web-2")];
const STARTING = currentPod("web-9", { ready: false });
const NEW = currentPod("web-9");
const MISSING = "Deployment/web: 2 of 3 pods are there";
const SETTLING = "Deployment/web: its new pod has to stay ready for 16s";

describe("a new pod has to stay ready", () => {
  test.each<[string, Look[], string]>([
    ["it is ready for the first time", [{ at: 0, pods: [NEW, ...OLD] }], SETTLING],
    [
      "not for long enough",
      [
        { at: 0, pods: [NEW, ...OLD] },
        { at: SETTLES - 1, pods: [NEW, ...OLD] },
      ],
      SETTLING,
    ],
    [
      "for long enough",
      [
        { at: 0, pods: [NEW, ...OLD] },
        { at: SETTLES, pods: [NEW, ...OLD] },
      ],
      "over",
    ],
    [
      "anew, once it was not",
      [
        { at: 0, pods: [NEW, ...OLD] },
        { at: 10_000, pods: [STARTING, ...OLD] },
        { at: 11_000, pods: [NEW, ...OLD] },
        { at: SETTLES, pods: [NEW, ...OLD] },
      ],
      SETTLING,
    ],
    [
      "for long enough, while others were not for a moment",
      [
        { at: 0, pods: [NEW, ...OLD] },
        { at: 10_000, pods: [NEW, pod("web-1", { ready: false }), pod("web-2")] },
        { at: SETTLES, pods: [NEW, ...OLD] },
      ],
      "over",
    ],
    [
      "for long enough, and another one is not now",
      [
        { at: 0, pods: [NEW, ...OLD] },
        { at: SETTLES, pods: [NEW, pod("web-1", { ready: false }), pod("web-2")] },
      ],
      "Deployment/web: 1 of 3 pods is not ready",
    ],
    [
      "for long enough, while the evicted one took its time to end",
      [
        { at: 0, pods: [NEW, pod("web-0", { terminating: true }), ...OLD] },
        { at: SETTLES, pods: [NEW, ...OLD] },
      ],
      "over",
    ],
  ])("%s", (_what, looks, expected) => {
    expect(after(looks)).toBe(expected);
  });
});

describe("of many pods as the policy asks, each made after the one before", () => {
  const EARLIER = [1, 2, 3].map((age) => currentPod(`new-${age}`, { created: 1_000 + age }));
  const LATEST = ["new-8", "new-9"].map((name) => currentPod(name, { created: 2_000 }));
  const ALL = [...EARLIER, ...LATEST, ...OLD];
  const asked = evictingOf({ pods: 7, current: 4 });
  const edited = { ...asked, revision: "before the edit" };

  test.each<[string, string, Evicting, string]>([
    ["the first was unready for a moment", "new-1", asked, "over"],
    ["the third was", "new-3", asked, "over"],
    ["the latest was", "new-9", asked, SETTLING],
    ["one that was created in the same second as the latest was", "new-8", asked, SETTLING],
    ["the first was, and the policy was edited", "new-1", edited, "over"],
    ["the latest was, and the policy was edited", "new-9", edited, SETTLING],
  ])("%s", (_what, flapping, evicting, expected) => {
    const looks = [
      { at: 0, pods: ALL },
      { at: 10_000, pods: ALL.map((one) => ({ ...one, ready: one.name !== flapping })) },
      { at: SETTLES, pods: ALL },
    ];
    expect(after(looks, evicting)).toBe(expected);
  });
});

describe("fewer pods than before", () => {
  const came = { at: 0, pods: [STARTING, ...OLD] };
  const ENDING = pod("web-0", { terminating: true });
  const goes = { at: 1_000, pods: [currentPod("web-9", { terminating: true }), ...OLD] };

  test.each<[string, Look[], string]>([
    ["the successor is still to come", [{ at: 0, pods: OLD }], MISSING],
    [
      "it is for so long that none will come, as with a quota",
      [
        { at: 0, pods: OLD },
        { at: 600_001, pods: OLD },
      ],
      "useless",
    ],
    [
      "the evicted one took longer to end than that, and its successor is still to come",
      [
        { at: 0, pods: [ENDING, ...OLD] },
        { at: 660_000, pods: [ENDING, ...OLD] },
        { at: 661_000, pods: OLD },
        { at: 1_261_000, pods: OLD },
      ],
      MISSING,
    ],
    [
      "the same, for so long after it was gone that none will come",
      [
        { at: 0, pods: [ENDING, ...OLD] },
        { at: 661_000, pods: OLD },
        { at: 1_261_001, pods: OLD },
      ],
      "useless",
    ],
    ["it came, and is being deleted", [came, goes], "Deployment/web: pod web-9 is being deleted"],
    ["it came and went, and another one may follow", [came, { at: 29_999, pods: OLD }], MISSING],
    [
      "it came and went, and none is wanted in its place: scaled down",
      [came, goes, { at: 2_000, pods: OLD }, { at: 30_000, pods: OLD }],
      "over",
    ],
    [
      "another one took its place, as somebody had deleted it",
      [came, { at: 2_000, pods: OLD }, { at: 20_000, pods: [currentPod("web-8"), ...OLD] }],
      SETTLING,
    ],
    [
      "it came and stayed, and an older one went: scaled down",
      [came, { at: 1_000, pods: [NEW, pod("web-1")] }, { at: 17_000, pods: [NEW, pod("web-1")] }],
      "over",
    ],
    [
      "it came and went, and so did all others: scaled to none, or deleted",
      [came, { at: 30_000, pods: [] }],
      "over",
    ],
    [
      "a pod of the workload is not ready: no moment to conclude anything",
      [came, { at: 30_000, pods: [pod("web-1", { ready: false })] }],
      "Deployment/web: 1 of 1 pods is not ready",
    ],
  ])("%s", (_what, looks, expected) => {
    expect(after(looks)).toBe(expected);
  });
});

test.each<[string, PodRecord[], string]>([
  ["the pod is still there: it was refused, or never asked for", [pod("web-0"), ...OLD], "over"],
  ["as many as before, and none as the policy asks", [pod("web-9"), ...OLD], "useless"],
])("%s", (_what, pods, expected) => {
  expect(after([{ at: 0, pods }])).toBe(expected);
});

test("after an edit the number of pods tells alone", () => {
  const evicting = evictingOf({ revision: "before the edit" });
  expect(after([{ at: 0, pods: OLD }], evicting)).toBe(MISSING);
  const back = [pod("web-9"), ...OLD];
  expect(after([{ at: 0, pods: back }], evicting)).toBe(SETTLING);
  expect(
    after(
      [
        { at: 0, pods: back },
        { at: SETTLES, pods: back },
      ],
      evicting,
    ),
  ).toBe("over");
});
