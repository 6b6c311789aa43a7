import { describe, expect, test } from "@jest/globals";
import { claimsOf } from "../../api/claims.ts";
import { testPolicy } from "../../api/testing/policy.ts";
import { revisionOf } from "../../inject/revision.ts";
import { podOf } from "../pods/testing/pod-of.ts";
import { countPods, NO_PODS, policiesToRecount } from "./pod-counts.ts";

const policy = testPolicy();
const SKIPPED = { reason: "OptedOut", message: "It is." } as const;

test("pods as they should be, and one of another app", () => {
  const { sidecar: _, ...other } = podOf({ name: "db", labels: { app: "db" } });
  const pods = [podOf(), podOf({ name: "web-2" }), other];
  expect(countPods(policy, claimsOf([policy]), pods)).toStrictEqual({
    matched: 2,
    injected: 2,
    left: 0,
    leftOptedOut: 0,
    outdated: 0,
    unready: 0,
    optedOut: 0,
    claimed: 0,
    claimedBy: undefined,
    coveredBy: undefined,
    predating: [],
    outdatedWorkloads: [],
    predatingAreMade: false,
    outdatedAreMade: false,
    probes: { probesRaised: 0, probesLeftAlone: 0 },
  });
});

test("what became of the app's own probes is told of the pods that follow the policy", () => {
  const probes = { raised: ["app/readinessProbe.timeoutSeconds=1->5"], leftAlone: [] };
  const follows = (name: string) => ({ policy: name, revision: "", ready: true, probes });
  const pods = [
    podOf({ sidecar: follows("web") }),
    podOf({ name: "left", labels: { app: "other" }, sidecar: follows("web") }),
    podOf({ name: "bound", sidecar: follows("b") }),
    podOf({ name: "as-it-came" }),
  ];
  expect(countPods(policy, claimsOf([policy]), pods).probes).toStrictEqual({
    probesRaised: 2,
    probesLeftAlone: 0,
    raised: probes.raised,
  });
});

test("no pods", () => {
  expect(countPods(policy, claimsOf([policy]), [])).toStrictEqual(NO_PODS);
});

test("pods of a policy that is not among the usable ones yet", () => {
  expect(countPods(policy, claimsOf([]), [podOf()])).toMatchObject({ matched: 1, injected: 1 });
});

test("every way in which a pod can fall short", () => {
  const { sidecar, ...bare } = podOf({ name: "older", restartTarget: "statefulset/db" });
  const pods = [
    podOf(),
    bare,
    { ...bare, name: "without-workload", restartTarget: undefined },
    podOf({
      name: "unready",
      sidecar: { policy: "web", revision: sidecar?.revision ?? "", ready: false },
    }),
    podOf({ name: "old", sidecar: { policy: "web", revision: "other", ready: true } }),
    podOf({
      name: "bound",
      sidecar: { policy: "b", revision: sidecar?.revision ?? "", ready: true },
    }),
    { ...bare, name: "host", skipped: SKIPPED },
  ];
  expect(countPods(policy, claimsOf([policy]), pods)).toMatchObject({
    matched: 6,
    injected: 4,
    outdated: 2,
    unready: 1,
    optedOut: 1,
    predating: ["statefulset/db"],
    outdatedWorkloads: ["deployment/web"],
  });
});

describe("whether something makes the pods that fall short", () => {
  const { sidecar: _, ...missing } = podOf({
    restartTarget: undefined,
    judged: { workload: "ReplicaSet/web-5d9c", probes: {} },
  });
  const outdated = { ...missing, sidecar: { policy: "web", revision: "other", ready: true } };
  const bare = { workload: "Pod/web-1", probes: {} };

  test.each([
    ["of another controller than kubectl restarts", missing, { predatingAreMade: true }],
    ["that is bare", { ...missing, judged: bare }, { predatingAreMade: false }],
    ["that is outdated", outdated, { predatingAreMade: false, outdatedAreMade: true }],
    ["that is bare and outdated", { ...outdated, judged: bare }, { outdatedAreMade: false }],
  ])("a pod %s", (_what, pod, made) => {
    expect(countPods(policy, claimsOf([policy]), [pod])).toMatchObject(made);
  });

  test("a bare one among them has to be created again", () => {
    const pods = [missing, { ...missing, name: "bare", judged: bare }];
    expect(countPods(policy, claimsOf([policy]), pods)).toMatchObject({ predatingAreMade: false });
  });
});

describe("the probes of a policy that aligns", () => {
  const ALIGN = { application: { probes: "Align" as const } };
  const enforced = testPolicy(ALIGN);
  const dryRun = testPolicy({ ...ALIGN, mode: "DryRun" });
  const of = (made: typeof policy) =>
    podOf({ sidecar: { policy: "web", revision: revisionOf(made), ready: true } });

  test.each([
    ["pods of before a dry run stay current in it", enforced, dryRun, 0],
    ["pods of the dry run are current in it", dryRun, dryRun, 0],
    ["pods of the dry run are outdated after it", dryRun, enforced, 1],
    ["pods of before a dry run are current after it", enforced, enforced, 0],
    [
      "a dry run in which nothing is aligned knows no aligned pod",
      enforced,
      { ...dryRun, application: policy.application },
      1,
    ],
    [
      "a dry run takes no other revision",
      testPolicy({ ...ALIGN, probe: { periodSeconds: 9, timeoutSeconds: 5 } }),
      dryRun,
      1,
    ],
  ])("%s", (_, made, now, outdated) => {
    expect(countPods(now, claimsOf([now]), [of(made)])).toMatchObject({ injected: 1, outdated });
  });
});

describe("pods that are bound to a policy and not matched by it any more", () => {
  const unready = { policy: "web", revision: podOf().sidecar?.revision ?? "", ready: false };
  const db = { labels: { app: "db" }, restartTarget: "statefulset/db" };

  test("stay in its counts as outdated, and unready where they are", () => {
    const pods = [
      podOf({ name: "relabelled", ...db, sidecar: unready }),
      podOf({ name: "opted-out", skipped: SKIPPED }),
      podOf({ name: "of-another", ...db, sidecar: { ...unready, policy: "other" } }),
    ];
    expect(countPods(policy, claimsOf([policy]), pods)).toMatchObject({
      matched: 0,
      injected: 0,
      left: 2,
      leftOptedOut: 1,
      outdated: 2,
      unready: 1,
      optedOut: 1,
      outdatedWorkloads: ["deployment/web", "statefulset/db"],
    });
  });

  test("are outdated in the counts of both policies, where another one claims them now", () => {
    const older = testPolicy({ name: "a", creationTimestamp: "2025-01-01T00:00:00Z" });
    const pods = [podOf({ sidecar: unready })];
    const expected = { outdated: 1, unready: 1 };
    const all = [policy, older];
    expect(countPods(policy, claimsOf(all), pods)).toMatchObject({
      ...expected,
      matched: 0,
      claimed: 1,
    });
    expect(countPods(older, claimsOf(all), pods)).toMatchObject({
      ...expected,
      matched: 1,
      left: 0,
    });
  });
});

describe("policiesToRecount", () => {
  const db = testPolicy({ name: "db", uid: "db", selector: { matchLabels: { app: "db" } } });
  const both = [policy, db];
  const key = "shop/web-1";
  const names = (change: Parameters<typeof policiesToRecount>[0]) =>
    policiesToRecount(change, claimsOf(both)).map(({ name }) => name);
  const { sidecar: _, ...bare } = podOf();

  test("those that select the pod as it was or as it is", () => {
    expect(names({ key, now: bare })).toStrictEqual(["web"]);
    expect(names({ key, old: bare })).toStrictEqual(["web"]);
    expect(names({ key, old: bare, now: { ...bare, labels: { app: "db" } } })).toStrictEqual([
      "db",
      "web",
    ]);
    expect(names({ key, now: { ...bare, labels: { app: "other" } } })).toStrictEqual([]);
  });

  test("and the one that it is bound to", () => {
    expect(names({ key, now: podOf({ labels: { app: "other" } }) })).toStrictEqual(["web"]);
  });

  test("those of a bare pod that a controller takes", () => {
    const own = {
      ...bare,
      restartTarget: undefined,
      judged: { workload: "Pod/web-1", probes: {} },
    };
    const taken = { ...own, judged: { workload: "CloneSet/web", probes: {} } };
    expect(names({ key, old: own, now: taken })).toStrictEqual(["web"]);
  });

  test("none, when nothing that is counted has changed", () => {
    const moved = podOf({ ip: "10.0.0.2", ready: false });
    expect(names({ key, old: podOf(), now: moved })).toStrictEqual([]);
    const unready = { ...moved.sidecar, ready: false } as typeof moved.sidecar;
    expect(
      names({ key, old: podOf(), now: podOf({ ...(unready && { sidecar: unready }) }) }),
    ).toStrictEqual(["web"]);
  });
});

test("an older policy claims what it selects; a younger one does not", () => {
  const older = testPolicy({ name: "z", creationTimestamp: "2025-01-01T00:00:00Z", selector: {} });
  const younger = testPolicy({
    name: "a",
    creationTimestamp: "2027-01-01T00:00:00Z",
    selector: {},
  });
  const pods = [podOf(), podOf({ name: "web-2" })];
  expect(countPods(policy, claimsOf([younger, policy, older]), pods)).toMatchObject({
    matched: 0,
    claimed: 2,
    claimedBy: "z",
  });
  expect(countPods(policy, claimsOf([younger, policy]), pods)).toMatchObject({
    matched: 2,
    claimed: 0,
  });
});

test("a pod that an edit leaves to another policy counts as outdated there", () => {
  const other = testPolicy({ name: "b", uid: "b" });
  expect(countPods(other, claimsOf([other]), [podOf()])).toMatchObject({ matched: 1, outdated: 1 });
});

test.each([
  ["everything", {}, true],
  ["the same", { matchLabels: { app: "web" } }, true],
  ["more", { matchLabels: { app: "web", tier: "front" } }, false],
  ["another app", { matchLabels: { app: "db" } }, false],
  ["by an expression", { matchExpressions: [{ key: "app", operator: "Exists" as const }] }, false],
])("an older policy that selects %s", (_what, selector, covered) => {
  const older = testPolicy({ name: "z", creationTimestamp: "2025-01-01T00:00:00Z", selector });
  const { coveredBy } = countPods(policy, claimsOf([policy, older]), []);
  expect(coveredBy).toBe(covered ? "z" : undefined);
});

test("a younger policy covers nothing", () => {
  const younger = testPolicy({
    name: "z",
    creationTimestamp: "2027-01-01T00:00:00Z",
    selector: {},
  });
  expect(countPods(policy, claimsOf([policy, younger]), []).coveredBy).toBeUndefined();
});

test("an expression that both have is covered, beside others of the younger", () => {
  const matchExpressions = [{ key: "app", operator: "In" as const, values: ["a", "b"] }];
  const older = testPolicy({
    name: "z",
    creationTimestamp: "2025-01-01T00:00:00Z",
    selector: { matchExpressions },
  });
  const more = [...matchExpressions, { key: "tier", operator: "Exists" as const }];
  const narrow = testPolicy({ selector: { matchLabels: { x: "y" }, matchExpressions: more } });
  expect(countPods(narrow, claimsOf([narrow, older]), []).coveredBy).toBe("z");
});

test("a policy without labels is not covered by one with them", () => {
  const older = testPolicy({ name: "z", creationTimestamp: "2025-01-01T00:00:00Z" });
  const all = testPolicy({ selector: {} });
  expect(countPods(all, claimsOf([all, older]), []).coveredBy).toBeUndefined();
});
