import { beforeEach, expect, test } from "@jest/globals";
import {
  createPodTransitions,
  type Hold,
  type PodLook,
  type PodTransition,
  type PodTransitions,
} from "./pod-transitions.ts";
import { declaredOf, LETTING_GO } from "./testing/declared-of.ts";

const DB: Hold = { name: "orders-db", reason: "ConnectionRefused", since: 1 };
const CACHE: Hold = { name: "sessions", reason: "TooFewServers", since: 2 };

interface TestPod {
  uid: string;
}
const ready = (uid: string): PodLook<TestPod> => ({ pod: { uid }, ready: true, holds: [] });
const unready = (uid: string, ...holds: Hold[]): PodLook<TestPod> => ({
  pod: { uid },
  ready: false,
  holds,
});

const GATES = declaredOf({ "orders-db": "Gate", sessions: "Gate" });

let transitions: PodTransitions<TestPod>;
const look = (looks: PodLook<TestPod>[], declared = GATES): PodTransition<TestPod>[] =>
  transitions.look(looks, declared);
beforeEach(() => {
  transitions = createPodTransitions();
  expect(look([ready("a"), ready("b")])).toStrictEqual([]);
});

test("a pod turns unready once its sidecar has said why, and ready again", () => {
  expect(look([unready("a"), ready("b")])).toStrictEqual([]);
  const down = look([unready("a", DB), ready("b")]);
  expect(down).toStrictEqual([{ to: "unready", pod: { uid: "a" }, holds: [DB] }]);
  expect(look([unready("a", DB), ready("b")])).toStrictEqual([]);
  const up = look([ready("a"), ready("b")]);
  expect(up).toStrictEqual([{ to: "ready", pod: { uid: "a" }, holds: [DB] }]);
  expect(look([ready("a"), ready("b")])).toStrictEqual([]);
});

test("it is told once for a time that it is unready, and at the end what it said last", () => {
  expect(look([unready("a", DB)])).toHaveLength(1);
  expect(look([unready("a", DB, CACHE)])).toStrictEqual([]);
  expect(look([unready("a", CACHE)])).toStrictEqual([]);
  expect(look([unready("a")])).toStrictEqual([]);
  expect(look([ready("a")])).toStrictEqual([{ to: "ready", pod: { uid: "a" }, holds: [CACHE] }]);
  expect(look([unready("a", DB)])).toHaveLength(1);
});

test("a pod that is unready for another cause is no concern of ours", () => {
  expect(look([unready("a")])).toStrictEqual([]);
  expect(look([ready("a")])).toStrictEqual([]);
});

test("a pod that is gone has not turned, and one of its name is another", () => {
  look([unready("a", DB)]);
  expect(look([])).toStrictEqual([]);
  expect(look([ready("a")])).toStrictEqual([]);
});

test("a new pod that waits for a dependency has turned", () => {
  expect(look([unready("c", DB)])).toHaveLength(1);
});

test("what is unready at the first look has been told, and that it is ready again is told", () => {
  transitions = createPodTransitions();
  expect(look([unready("a", DB), unready("b")])).toStrictEqual([]);
  expect(look([unready("a", DB), unready("b", DB)])).toStrictEqual([]);
  expect(look([ready("a"), ready("b")])).toMatchObject([
    { to: "ready", pod: { uid: "a" } },
    { to: "ready", pod: { uid: "b" } },
  ]);
});

test.each(LETTING_GO)(
  "one whose pods an edit of the policy lets go is forgotten, not told as up: it %s",
  (_what, declared) => {
    expect(look([unready("a", DB)])).toHaveLength(1);
    // Sidecars go on with what the policy said before, for a minute.
    expect(look([unready("a", DB)], declared)).toStrictEqual([]);
    expect(look([ready("a")], declared)).toStrictEqual([]);
    expect(look([unready("a", DB)])).toHaveLength(1);
  },
);

test("of several that kept it unready those are named that still can", () => {
  look([unready("a", DB, CACHE)]);
  const edited = declaredOf({ "orders-db": "Observe", sessions: "Gate" });
  expect(look([ready("a")], edited)).toStrictEqual([
    { to: "ready", pod: { uid: "a" }, holds: [CACHE] },
  ]);
});

test("a pod is not told as unready for one that the policy only observes, while its sidecar knows no better", () => {
  const edited = declaredOf({ "orders-db": "Observe" });
  expect(look([unready("a", DB)], edited)).toStrictEqual([]);
  expect(look([ready("a")], edited)).toStrictEqual([]);
});

test("one that an edit lets gate while a pod waits for it is named when the pod is ready", () => {
  expect(look([unready("a", DB)], declaredOf({ "orders-db": "Startup" }))).toHaveLength(1);
  expect(look([unready("a", DB)])).toStrictEqual([]);
  expect(look([ready("a")])).toStrictEqual([{ to: "ready", pod: { uid: "a" }, holds: [DB] }]);
});
