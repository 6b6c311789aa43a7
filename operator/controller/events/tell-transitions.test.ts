import { afterEach, beforeEach, expect, jest, test } from "@jest/globals";
import type { EffectivePolicy } from "../../api/effective-policy.ts";
import type { DependencyConfig } from "../../api/policy-file.ts";
import { testPolicy } from "../../api/testing/policy.ts";
import type { PodRecord } from "../pods/pod-record.ts";
import { podOf } from "../pods/testing/pod-of.ts";
import { podsToAsk, sidecarReports } from "../sidecars/sidecar-reports.ts";
import type { EventToRecord } from "./event-object.ts";
import { createTellTransitions, type TellTransitions } from "./tell-transitions.ts";
import { GATHER_MILLISECONDS, OWN_EVENTS } from "./together.ts";

const policy = testPolicy();

let said: EventToRecord[];
let waits: number[];
let tell: TellTransitions;
/** When the sidecars say that it began; undefined: they do not. */
let since: string | undefined;
let saysPolicy: string;

beforeEach(() => {
  // The clock stands still.
  jest.useFakeTimers();
  said = [];
  waits = [];
  since = secondsAgo(12);
  saysPolicy = policy.name;
  tell = createTellTransitions({
    events: { record: (event) => said.push(event) },
    lookAgain: (_, milliseconds) => waits.push(milliseconds),
  });
});

afterEach(() => {
  jest.useRealTimers();
});

function secondsAgo(seconds: number): string {
  return new Date(Date.now() - seconds * 1_000).toISOString();
}

function pods(many: number, ready: boolean, change: Partial<PodRecord> = {}): PodRecord[] {
  return Array.from({ length: many }, (_, n) =>
    podOf({
      name: `web-${n}`,
      uid: `uid-${n}`,
      ip: `10.0.0.${n}`,
      sidecar: { policy: policy.name, revision: "r", ready, port: 19_847 },
      ...change,
    }),
  );
}

/** All that are unready say that the database is down. */
function look(all: PodRecord[], of = policy): void {
  const gates = { name: "orders-db", gating: true, reason: "ConnectionRefused" as const };
  const dependencies = [{ ...gates, ...(since !== undefined && { since }) }];
  const outcomeOf = () => ({ answer: { policy: saysPolicy, dependencies } });
  const toAsk = podsToAsk(of, all);
  const reports = sidecarReports(of, toAsk, outcomeOf);
  tell.look({ policy: of, pods: all, toAsk, outcomeOf, reports });
}
const messages = () => said.map(({ regarding, message }) => `${regarding.name}: ${message}`);

test("on the pods and on their policy, with times", () => {
  look(pods(2, true));
  look(pods(2, false));
  look(pods(2, true));
  expect(messages()).toStrictEqual([
    "web-0: orders-db: ConnectionRefused for 12s",
    "web-1: orders-db: ConnectionRefused for 12s",
    "web: orders-db: ConnectionRefused for 12s, in all 2 pods",
    "web-0: orders-db after 12s",
    "web-1: orders-db after 12s",
    "web: orders-db keeps no pod unready any more, after 12s",
  ]);
  const [unready, , ofPolicy, ready] = said;
  expect(unready).toMatchObject({
    regarding: { apiVersion: "v1", kind: "Pod", namespace: "shop", uid: "uid-0" },
    type: "Warning",
    reason: "DependencyUnavailable",
  });
  expect(ready).toMatchObject({ type: "Normal", reason: "DependencyRecovered" });
  expect(ofPolicy?.regarding).toStrictEqual({
    apiVersion: "healthpolicy.dev/v1alpha1",
    kind: "HealthPolicy",
    namespace: "shop",
    name: "web",
    uid: policy.uid,
  });
});

test("of a thousand a few have their own, and the policy has one for all", () => {
  look(pods(1_000, true));
  look(pods(1_000, false));
  expect(said).toHaveLength(OWN_EVENTS + 1);
  expect(messages().at(-1)).toBe(
    "web: orders-db: ConnectionRefused for 12s, in all 1000 pods, 200 of which were heard",
  );
  expect(waits).toStrictEqual([]);
});

test("where not all are concerned, the rest is told together later", () => {
  const [well = podOf()] = pods(1, true, { uid: "well" });
  look([well, ...pods(50, true)]);
  look([well, ...pods(50, false)]);
  expect(said).toHaveLength(OWN_EVENTS);
  expect(waits).toStrictEqual([GATHER_MILLISECONDS]);
  jest.advanceTimersByTime(GATHER_MILLISECONDS);
  look([well, ...pods(50, false)]);
  expect(messages().slice(OWN_EVENTS)).toStrictEqual([
    "web: 40 more pods: orders-db: ConnectionRefused",
  ]);
});

test("no time that a sidecar gives is longer than its pod's life, and none is missing", () => {
  const created = Math.floor(Date.now() / 1_000) - 60;
  since = "1970-01-01T00:00:00.000Z";
  look(pods(2, true, { created }));
  look([...pods(1, false, { created }), ...pods(2, true, { created }).slice(1)]);
  expect(messages()[0]).toMatch(/^web-0: orders-db: ConnectionRefused for 1m(1s)?$/);
  since = undefined;
  look(pods(2, false, { created }));
  expect(messages()[1]).toBe("web-1: orders-db: ConnectionRefused for 0s");
});

test("pods of another policy, and answers that do not fit, say nothing", () => {
  look(pods(2, true));
  saysPolicy = "another";
  look(pods(2, false));
  expect(said).toStrictEqual([]);
  saysPolicy = policy.name;
  look(
    pods(2, false, { sidecar: { policy: "another", revision: "r", ready: false, port: 19_847 } }),
  );
  expect(said).toStrictEqual([]);
});

test("a new leader does not repeat what the last one said, but says that it is over", () => {
  look(pods(2, false));
  look(pods(2, false));
  expect(said).toStrictEqual([]);
  look(pods(2, true));
  expect(messages()).toStrictEqual([
    "web-0: orders-db after 12s",
    "web-1: orders-db after 12s",
    "web: orders-db keeps no pod unready any more, after 12s",
  ]);
});

test("a policy that is gone is forgotten", () => {
  look(pods(2, true));
  tell.forget(policy);
  look(pods(2, false));
  expect(said).toStrictEqual([]);
});

test("one that was created anew is another, of which nothing is known", () => {
  look(pods(2, true));
  look(pods(2, false), testPolicy({ uid: "another" }));
  expect(said).toStrictEqual([]);
});

test("a pod whose sidecar does not run yet is none of all pods", () => {
  const sidecar = { policy: policy.name, revision: "r", ready: false };
  const [starting = podOf()] = pods(1, false, { uid: "starting", sidecar });
  look([...pods(2, true), starting]);
  look([...pods(2, false), starting]);
  expect(messages().at(-1)).toBe("web: orders-db: ConnectionRefused for 12s, in all 2 pods");
});

test("pods of a node that has gone silent, with the database, hide nothing that the others say", () => {
  const [first = podOf(), second = podOf(), third = podOf()] = pods(3, true);
  look([first, second, third]);
  const lost = (pod: PodRecord): PodRecord => ({
    ...pod,
    ...(pod.sidecar && { sidecar: { ...pod.sidecar, ready: false, lost: true } }),
  });
  look([...pods(1, false), lost(second), lost(third)]);
  expect(messages()).toStrictEqual([
    "web-0: orders-db: ConnectionRefused for 12s",
    "web: orders-db: ConnectionRefused for 12s, in all 3 pods, 1 of which were heard",
  ]);
});

test("where all nodes have gone silent, nothing is known of any dependency", () => {
  look(pods(2, true));
  const sidecar = { policy: policy.name, revision: "r", ready: false, port: 19_847 };
  look(pods(2, false, { sidecar: { ...sidecar, lost: true } }));
  look(pods(2, true));
  expect(said).toStrictEqual([]);
});

const [database] = policy.dependencies;
const changed = (edit: object) => ({
  dependencies: policy.dependencies.map((one) => ({ ...one, ...edit }) as DependencyConfig),
});
test.each<[string, Partial<EffectivePolicy>]>([
  ["only observes the database", changed({ impact: "Observe" })],
  ["names another", changed({ postgresql: { ...database?.postgresql, host: "another-db" } })],
  ["has a fleet limit", { maxUnready: { percent: 50 } }],
  ["gives it more time", { timing: { ...policy.timing, checkTimeoutMilliseconds: 4_900 } }],
])(
  "a policy that lets its pods go in a fault does not say that the fault is over: it %s",
  (_what, edit) => {
    look(pods(2, true));
    look(pods(2, false));
    expect(said).toHaveLength(3);
    look(pods(2, true), testPolicy(edit));
    expect(said).toHaveLength(3);
  },
);
