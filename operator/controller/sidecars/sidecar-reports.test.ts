import { describe, expect, test } from "@jest/globals";
import { testPolicy } from "../../api/testing/policy.ts";
import type { PodRecord } from "../pods/pod-record.ts";
import { podOf } from "../pods/testing/pod-of.ts";
import type { SidecarAnswer } from "./sidecar-answer.ts";
import {
  type AskablePod,
  failuresSaid,
  MOST_ASKED,
  MOST_READY_ASKED,
  podsToAsk,
  sidecarReports,
} from "./sidecar-reports.ts";

const first = "orders-db";
const second = "sessions";
const dependencies = [first, second].map((name) => {
  const servers = [{ host: name, port: 11_211 }];
  return {
    name,
    type: "memcached",
    impact: "Gate" as const,
    memcached: { servers, minAvailable: 1 },
  };
});
const enforced = testPolicy({ dependencies });
const dryRun = testPolicy({ dependencies, mode: "DryRun" });

function sidecarPod(name: string, sidecar: object = {}, rest: Partial<PodRecord> = {}): PodRecord {
  const own = { policy: "web", revision: "r", ready: false, port: 19_847, ...sidecar };
  return podOf({ name, sidecar: own, ...rest });
}

const namesOf = (pods: readonly PodRecord[]) => pods.map(({ name }) => name);

describe("who is asked", () => {
  const pods = [
    sidecarPod("unready"),
    sidecarPod("ready", { ready: true }),
    sidecarPod("of-another", { policy: "other" }),
    sidecarPod("of-another-ready", { policy: "other", ready: true }),
    sidecarPod("of-a-silent-node", { lost: true }),
    sidecarPod("without-address", {}, { ip: undefined }),
    sidecarPod("without-port", { port: undefined }),
    (({ sidecar: _, ...bare }) => bare)(sidecarPod("bare")),
  ];

  test("under an enforced policy those that are unready", () => {
    expect(namesOf(podsToAsk(enforced, pods))).toStrictEqual(["unready"]);
  });

  test("in a dry run those that are ready", () => {
    expect(namesOf(podsToAsk(dryRun, pods))).toStrictEqual(["ready"]);
  });

  test("of those that are ready some, where pods stay ready in a fault that most share", () => {
    const limited = testPolicy({ dependencies, maxUnready: { percent: 50 } });
    expect(namesOf(podsToAsk(limited, pods))).toStrictEqual(["unready", "ready"]);
    const many = Array.from({ length: 1_000 }, (_, index) =>
      sidecarPod(`web-${index}`, { ready: index > 300 }),
    );
    const asked = podsToAsk(limited, many);
    expect(asked.filter(({ sidecar }) => sidecar.ready)).toHaveLength(MOST_READY_ASKED);
    expect(asked).toHaveLength(MOST_ASKED + MOST_READY_ASKED);
    const tried = testPolicy({ dependencies, mode: "DryRun", maxUnready: { percent: 50 } });
    expect(namesOf(podsToAsk(tried, pods))).toStrictEqual(["ready"]);
  });

  test("of many a sample, which hardly changes when pods come and go", () => {
    const many = Array.from({ length: 1_000 }, (_, index) => sidecarPod(`web-${index}`));
    const before = new Set(namesOf(podsToAsk(enforced, many)));
    const after = namesOf(podsToAsk(enforced, many.slice(100)));
    expect(before.size).toBe(MOST_ASKED);
    expect(after).toHaveLength(MOST_ASKED);
    const gone = namesOf(many.slice(0, 100)).filter((name) => before.has(name));
    expect(after.filter((name) => !before.has(name))).toHaveLength(gone.length);
    // Old and new pods alike: the first half of the names is about half of the sample.
    const half = [...before].filter((name) => Number(name.slice(4)) < 500);
    expect(half.length).toBeGreaterThan(60);
    expect(half.length).toBeLessThan(140);
  });
});

const down = (name: string, reason: string | undefined, since = "2026-01-02T03:00:00.000Z") =>
  ({ name, gating: true, ...(reason && { reason, since }) }) as SidecarAnswer["dependencies"][0];
const up = (name: string) => ({ name, gating: false });
const would = ({ gating, ...rest }: SidecarAnswer["dependencies"][0]) => ({
  ...rest,
  gating: false,
  wouldGate: gating,
});

/** What these answers say together; `silent` gave none, `unasked` have not been asked. */
function reportsOf(policy: typeof enforced, answers: Record<string, object | string>) {
  const pods = Object.keys(answers).map((name) => sidecarPod(name) as AskablePod);
  return sidecarReports(policy, pods, ({ name }) => {
    const answer = answers[name];
    if (answer === "unasked") return undefined;
    return { answer: answer === "silent" ? undefined : (answer as SidecarAnswer) };
  });
}

const says = (...dependencies: object[]) => ({ policy: "web", dependencies });

test("nobody was asked", () => {
  const nothing = { asked: 0, unknown: 0, dependencies: [], sharedKnown: true };
  expect(reportsOf(enforced, {})).toStrictEqual({ ...nothing, wouldBeUnready: undefined });
  expect(reportsOf(dryRun, {})).toStrictEqual({ ...nothing, wouldBeUnready: 0 });
});

test("pods that do not answer or were not asked say nothing", () => {
  const reports = reportsOf(enforced, { a: "silent", b: "unasked", c: says(up(first)) });
  expect(reports).toMatchObject({ asked: 2, unknown: 1, dependencies: [] });
});

test("each dependency has the number of its pods, what most of them say, the earliest time and examples", () => {
  const reports = reportsOf(enforced, {
    c: says(down(first, "CheckTimeout", "2026-01-02T03:00:02.000Z"), down(second, "TooFewServers")),
    b: says(down(first, "ConnectTimeout", "2026-01-02T03:00:01.000Z"), up(second)),
    a: says(down(first, "ConnectTimeout", "2026-01-02T03:00:03.000Z"), up(second)),
  });
  expect(reports).toStrictEqual({
    asked: 3,
    unknown: 0,
    wouldBeUnready: undefined,
    sharedKnown: true,
    dependencies: [
      {
        name: first,
        failingPods: 3,
        reason: "ConnectTimeout",
        since: "2026-01-02T03:00:01.000Z",
        examples: ["a", "b", "c"],
      },
      {
        name: second,
        failingPods: 1,
        reason: "TooFewServers",
        since: "2026-01-02T03:00:00.000Z",
        examples: ["c"],
      },
    ],
  });
});

test("of two reasons that are as frequent it is always the same, whoever is asked first", () => {
  const one = says(down(first, "CheckTimeout"));
  const other = says(down(first, "ConnectTimeout"));
  for (const answers of [
    { a: one, b: other },
    { a: other, b: one },
  ]) {
    expect(reportsOf(enforced, answers).dependencies[0]?.reason).toBe("ConnectTimeout");
  }
});

test("ten examples, and the count of all", () => {
  const answers = Array.from({ length: 25 }, (_, index) => [
    `web-${index + 10}`,
    says(down(first, "ConnectTimeout")),
  ]);
  const [found] = reportsOf(enforced, Object.fromEntries(answers)).dependencies;
  expect(found?.failingPods).toBe(25);
  expect(found?.examples).toHaveLength(10);
  expect(found?.examples[0]).toBe("web-10");
});

test("a dependency that has not been checked yet is not called failing", () => {
  const reports = reportsOf(enforced, { a: says(down(first, undefined)) });
  expect(reports).toMatchObject({ asked: 1, unknown: 0, dependencies: [] });
});

test("a dry run counts who would be unready, for what, and also who only starts", () => {
  const reports = reportsOf(dryRun, {
    a: { ...says(would(down(first, "ConnectionRefused"))), wouldBeReady: false },
    b: { ...says(would(up(first))), wouldBeReady: true },
    c: { ...says(would(down(first, undefined))), wouldBeReady: false },
    d: "silent",
  });
  expect(reports).toMatchObject({
    asked: 4,
    unknown: 1,
    wouldBeUnready: 2,
    dependencies: [{ name: first, failingPods: 1, examples: ["a"] }],
  });
});

describe("an answer that does not fit the policy is unknown and counts nowhere", () => {
  const failing = says(down(first, "ConnectionRefused"));
  test.each<[string, object]>([
    ["another policy's", { ...failing, policy: "other" }],
    ["a dependency that the policy does not name", says(down("other-db", "ConnectionRefused"))],
    ["one among others", says(down(first, "ConnectionRefused"), up("other-db"))],
    ["a dependency twice", says(down(first, "ConnectionRefused"), up(first))],
    ["that of a dry run, which this is not", { ...failing, wouldBeReady: false }],
  ])("%s", (_, answer) => {
    expect(reportsOf(enforced, { a: answer })).toMatchObject({
      asked: 1,
      unknown: 1,
      dependencies: [],
    });
  });

  test("that of an enforced policy, in a dry run", () => {
    expect(reportsOf(dryRun, { a: failing })).toMatchObject({
      unknown: 1,
      wouldBeUnready: 0,
      dependencies: [],
    });
  });
});

test("of a pod that one dependency makes unready and another, which is shared, does not, the first alone is said", () => {
  const answer = says(down(first, "ConnectTimeout"), {
    ...down(second, "TooFewServers"),
    gating: false,
    shared: true,
  }) as SidecarAnswer;
  expect(failuresSaid(enforced, { answer }).map(({ name }) => name)).toStrictEqual([first]);
  expect(reportsOf(enforced, { a: answer }).dependencies).toMatchObject([
    { name: first, failingPods: 1 },
    { name: second, failingPods: 0, sharedPods: 1 },
  ]);
});

describe("what faults are shared is known", () => {
  const pods = [
    { name: "ready-1", ready: true },
    { name: "ready-2", ready: true },
    { name: "new", ready: false },
  ].map(({ name, ready }) => sidecarPod(name, { ready }) as AskablePod);
  const answer = { answer: says(up(first)) as SidecarAnswer };
  const silent = { answer: undefined };

  test.each([
    ["once a ready pod has answered, and all have been asked", true, [answer, silent]],
    ["not while one has not been asked", false, [answer, undefined, answer]],
    ["not while they are silent", false, [silent, silent, answer]],
  ] as const)("%s", (_when, known, outcomes) => {
    const outcomeOf = (pod: AskablePod) => outcomes[pods.indexOf(pod)];
    expect(sidecarReports(enforced, pods, outcomeOf).sharedKnown).toBe(known);
  });

  test("where no pod is ready, that could share one", () => {
    expect(sidecarReports(enforced, pods.slice(2), () => undefined).sharedKnown).toBe(true);
  });
});
