import { beforeEach, expect, test } from "@jest/globals";
import {
  createPodTransitions,
  type Hold,
  type PodLook,
  type PodTransitions,
} from "./pod-transitions.ts";

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

let transitions: PodTransitions<TestPod>;
beforeEach(() => {
  transitions = createPodTransitions();
  expect(transitions.look([ready("a"), ready("b")])).toStrictEqual([]);
});

test("a pod turns unready once its sidecar has said why, and ready again", () => {
  expect(transitions.look([unready("a"), ready("b")])).toStrictEqual([]);
  const down = transitions.look([unready("a", DB), ready("b")]);
  expect(down).toStrictEqual([{ to: "unready", pod: { uid: "a" }, holds: [DB] }]);
  expect(transitions.look([unready("a", DB), ready("b")])).toStrictEqual([]);
  const up = transitions.look([ready("a"), ready("b")]);
  expect(up).toStrictEqual([{ to: "ready", pod: { uid: "a" }, holds: [DB] }]);
  expect(transitions.look([ready("a"), ready("b")])).toStrictEqual([]);
});

test("it is told once for a time that it is unready, and at the end what it said last", () => {
  expect(transitions.look([unready("a", DB)])).toHaveLength(1);
  expect(transitions.look([unready("a", DB, CACHE)])).toStrictEqual([]);
  expect(transitions.look([unready("a", CACHE)])).toStrictEqual([]);
  expect(transitions.look([unready("a")])).toStrictEqual([]);
  expect(transitions.look([ready("a")])).toStrictEqual([
    { to: "ready", pod: { uid: "a" }, holds: [CACHE] },
  ]);
  expect(transitions.look([unready("a", DB)])).toHaveLength(1);
});

test("a pod that is unready for another cause is no concern of ours", () => {
  expect(transitions.look([unready("a")])).toStrictEqual([]);
  expect(transitions.look([ready("a")])).toStrictEqual([]);
});

test("a pod that is gone has not turned, and one of its name is another", () => {
  transitions.look([unready("a", DB)]);
  expect(transitions.look([])).toStrictEqual([]);
  expect(transitions.look([ready("a")])).toStrictEqual([]);
});

test("a new pod that waits for a dependency has turned", () => {
  expect(transitions.look([unready("c", DB)])).toHaveLength(1);
});

test("what is unready at the first look has been told, and that it is ready again is told", () => {
  transitions = createPodTransitions();
  expect(transitions.look([unready("a", DB), unready("b")])).toStrictEqual([]);
  expect(transitions.look([unready("a", DB), unready("b", DB)])).toStrictEqual([]);
  expect(transitions.look([ready("a"), ready("b")])).toMatchObject([
    { to: "ready", pod: { uid: "a" } },
    { to: "ready", pod: { uid: "b" } },
  ]);
});
