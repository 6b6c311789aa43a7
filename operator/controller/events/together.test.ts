import { beforeEach, expect, test } from "@jest/globals";
import type { Reason } from "../../api/reasons.ts";
import {
  createTogether,
  GATHER_MILLISECONDS,
  OWN_EVENTS,
  TOGETHER_MILLISECONDS,
  type Together,
} from "./together.ts";

let together: Together;
beforeEach(() => {
  together = createTogether();
});

function transition(to: "unready" | "ready", uid: string, reason: Reason = "ConnectionRefused") {
  return { to, pod: { uid }, holds: [{ name: "orders-db", reason, since: 0 }] };
}
/** As many turn unready; returns how many have an Event of their own. */
function unready(pods: number, now: number, reason?: Reason): number {
  const uids = Array.from({ length: pods }, (_, pod) => `${now}-${pod}`);
  return uids.filter((uid) => together.takeOwn(transition("unready", uid, reason), now)).length;
}

test("a few pods have Events of their own", () => {
  expect(unready(OWN_EVENTS, 0)).toBe(OWN_EVENTS);
  expect(together.wait(0)).toBeUndefined();
  expect(together.due(1_000_000)).toStrictEqual([]);
});

test("of many, the others are told together after a moment, and once a minute at most", () => {
  expect(unready(857, 0)).toBe(OWN_EVENTS);
  expect(together.wait(4_000)).toBe(GATHER_MILLISECONDS - 4_000);
  expect(together.due(GATHER_MILLISECONDS - 1)).toStrictEqual([]);
  expect(together.due(GATHER_MILLISECONDS)).toStrictEqual([
    { to: "unready", text: "847 more pods: orders-db: ConnectionRefused" },
  ]);
  expect(together.due(GATHER_MILLISECONDS)).toStrictEqual([]);

  const later = GATHER_MILLISECONDS + 1_000;
  unready(100, later);
  expect(together.wait(later)).toBe(TOGETHER_MILLISECONDS - 1_000);
  expect(together.due(later + TOGETHER_MILLISECONDS - 1_001)).toStrictEqual([]);
  expect(together.due(later + TOGETHER_MILLISECONDS - 1_000)).toHaveLength(1);
});

test("what most of them say goes first, and what few say is counted", () => {
  unready(OWN_EVENTS, 0);
  const reasons: Reason[] = ["CheckTimeout", "ConnectTimeout", "HostNotFound", "ProtocolError"];
  for (const [more, reason] of reasons.entries()) unready(more + 2, 0, reason);
  const texts = [
    "5 more pods: orders-db: ProtocolError",
    "4 more pods: orders-db: HostNotFound",
    "3 more pods: orders-db: ConnectTimeout",
    "2 more pods: other reasons",
  ];
  expect(together.due(GATHER_MILLISECONDS)).toStrictEqual([
    { to: "unready", text: texts.join("; ") },
  ]);
});

test("those that had an Event of their own have one when they are ready, others are told together", () => {
  unready(20, 0);
  const own = Array.from({ length: 20 }, (_, pod) =>
    together.takeOwn(transition("ready", `0-${pod}`), 0),
  );
  expect(own.filter((one) => one)).toHaveLength(OWN_EVENTS);
  expect(own[0]).toBe(true);
  expect(together.due(GATHER_MILLISECONDS)).toStrictEqual([
    { to: "unready", text: "10 more pods: orders-db: ConnectionRefused" },
    { to: "ready", text: "10 more pods: orders-db" },
  ]);
  // Once for each time it was unready.
  expect(together.takeOwn(transition("ready", "0-0"), 0)).toBe(false);
});

test("no more pods with Events of their own are remembered than may be", () => {
  const slow = 6_000;
  for (let pod = 0; pod < 1_001; pod += 1) {
    expect(together.takeOwn(transition("unready", `${pod}`), pod * slow)).toBe(true);
  }
  const now = 1_000 * slow;
  unready(OWN_EVENTS, now);
  expect(together.takeOwn(transition("ready", "1000"), now)).toBe(true);
  expect(together.takeOwn(transition("ready", "0"), now)).toBe(false);
});

test("what has been said of all is not said again", () => {
  unready(20, 0);
  const both = transition("unready", "both");
  const sessions = { name: "sessions", reason: "CheckTimeout" as const, since: 0 };
  together.takeOwn({ ...both, holds: [...both.holds, sessions] }, 0);
  together.takeOwn(transition("ready", "another"), 0);
  together.saidOfAll("unready", "orders-db");
  expect(together.due(GATHER_MILLISECONDS)).toStrictEqual([
    { to: "unready", text: "1 more pod: orders-db: ConnectionRefused, sessions: CheckTimeout" },
    { to: "ready", text: "1 more pod: orders-db" },
  ]);
});
