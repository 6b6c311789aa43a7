import { beforeEach, expect, test } from "@jest/globals";
import {
  createDependencyTransitions,
  type DependencyTransitions,
  type FleetLook,
} from "./dependency-transitions.ts";
import { declaredOf, LETTING_GO } from "./testing/declared-of.ts";

const down = (name: string, failingPods: number) => ({
  name,
  failingPods,
  reason: "ConnectionRefused" as const,
  since: "2026-01-02T03:04:05.000Z",
  examples: [],
});
const GATES = declaredOf({ "orders-db": "Gate", sessions: "Gate" });
/** Ten pods, all of which are unready and have said so. */
const fleet = (look: Partial<FleetLook> = {}): FleetLook => ({
  running: 10,
  ready: 0,
  toAsk: 10,
  asked: 10,
  unknown: 0,
  dependencies: [down("orders-db", 10)],
  declared: GATES,
  ...look,
});
const WELL = fleet({ ready: 10, toAsk: 0, asked: 0, dependencies: [] });

let transitions: DependencyTransitions;
beforeEach(() => {
  transitions = createDependencyTransitions();
  expect(transitions.look(WELL)).toStrictEqual([]);
});
const looked = (look: Partial<FleetLook> = {}) =>
  transitions.look(fleet(look)).map(({ to, name }) => `${name} ${to}`);

test("down for all, and up again for all", () => {
  expect(looked()).toStrictEqual(["orders-db down"]);
  expect(looked()).toStrictEqual([]);
  // Half of them are ready: it is neither.
  const half = { ready: 5, toAsk: 5, asked: 5, dependencies: [down("orders-db", 5)] };
  expect(looked(half)).toStrictEqual([]);
  expect(transitions.look(WELL)).toMatchObject([
    { to: "up", name: "orders-db", dependency: { since: "2026-01-02T03:04:05.000Z" } },
  ]);
  expect(transitions.look(WELL)).toStrictEqual([]);
  expect(looked()).toStrictEqual(["orders-db down"]);
});

test.each<[string, Partial<FleetLook>]>([
  ["one pod is ready", { ready: 1 }],
  ["one has not been asked yet", { asked: 9, dependencies: [down("orders-db", 9)] }],
  ["one says something else", { dependencies: [down("orders-db", 9)] }],
  ["most do not answer", { unknown: 6, dependencies: [down("orders-db", 4)] }],
  ["there are no pods", { running: 0, toAsk: 0, asked: 0, dependencies: [] }],
  ["none has said why", { dependencies: [] }],
])("not down for all: %s", (_what, look) => {
  expect(looked(look)).toStrictEqual([]);
});

test("of those that answer, with half of them or more", () => {
  expect(looked({ unknown: 5, dependencies: [down("orders-db", 5)] })).toHaveLength(1);
});

test("each for itself", () => {
  const both = [down("orders-db", 10), down("sessions", 10)];
  expect(looked({ dependencies: both })).toStrictEqual(["orders-db down", "sessions down"]);
  const one = { ready: 1, toAsk: 9, asked: 9, dependencies: [down("sessions", 9)] };
  expect(looked(one)).toStrictEqual(["orders-db up"]);
});

test.each<[string, Partial<FleetLook>]>([
  ["it was scaled to none", { running: 0, toAsk: 0, asked: 0, dependencies: [] }],
  ["its pods are new and say nothing yet", { dependencies: [] }],
  ["nobody answers", { unknown: 10, dependencies: [] }],
])("not up again: %s", (_what, look) => {
  looked();
  expect(looked(look)).toStrictEqual([]);
  expect(transitions.look(WELL)).toHaveLength(1);
});

test("what is down for all at first was told before, and that it is up again is told", () => {
  transitions = createDependencyTransitions();
  // Not all have answered: that is no look yet.
  expect(looked({ asked: 9, dependencies: [down("orders-db", 9)] })).toStrictEqual([]);
  expect(looked()).toStrictEqual([]);
  expect(transitions.look(WELL)).toMatchObject([{ to: "up", name: "orders-db" }]);
});

test.each(LETTING_GO)(
  "one whose pods an edit of the policy lets go is forgotten, not told as up: it %s",
  (_what, declared) => {
    expect(looked()).toStrictEqual(["orders-db down"]);
    // Sidecars go on with what the policy said before, for a minute.
    expect(looked({ declared })).toStrictEqual([]);
    expect(transitions.look({ ...WELL, declared })).toStrictEqual([]);
    expect(transitions.look(WELL)).toStrictEqual([]);
    expect(looked()).toStrictEqual(["orders-db down"]);
  },
);

test("one that is taken out is forgotten at once: pods that stay unready would keep it for ever", () => {
  looked();
  expect(looked({ dependencies: [], declared: new Map() })).toStrictEqual([]);
  expect(transitions.look(WELL)).toStrictEqual([]);
});

test("one that gates again before any pod was let go is told as up when it is", () => {
  looked();
  looked({ declared: declaredOf({ "orders-db": "Observe" }) });
  expect(looked()).toStrictEqual([]);
  expect(transitions.look(WELL)).toMatchObject([{ to: "up", name: "orders-db" }]);
});

test("one that the policy only observes is not told as down, while sidecars know no better", () => {
  expect(looked({ declared: declaredOf({ "orders-db": "Observe" }) })).toStrictEqual([]);
});

test("one that an edit lets gate while it is down is told as up when it is", () => {
  expect(looked({ declared: declaredOf({ "orders-db": "Startup" }) })).toStrictEqual([
    "orders-db down",
  ]);
  expect(looked()).toStrictEqual([]);
  expect(transitions.look(WELL)).toMatchObject([{ to: "up", name: "orders-db" }]);
});
