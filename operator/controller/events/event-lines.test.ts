import { beforeEach, expect, test } from "@jest/globals";
import {
  createEventLines,
  type EventLines,
  LATE_MILLISECONDS,
  MOST_LINES,
  MOST_WAITING,
} from "./event-lines.ts";
import type { EventToRecord } from "./event-object.ts";

const POD = { apiVersion: "v1", kind: "Pod" };
const POLICY = { apiVersion: "healthpolicy.dev/v1alpha1", kind: "HealthPolicy" };

let lines: EventLines;
let leftOut: string[];
beforeEach(() => {
  leftOut = [];
  lines = createEventLines(({ message }) => leftOut.push(message));
});

function eventIn(namespace: string, message: string, of = POD): EventToRecord {
  const regarding = { ...of, namespace, name: "web", uid: "uid" };
  return { regarding, type: "Normal", reason: "DependencyRecovered", message };
}
function add(namespace: string, message: string, { of = POD, since = 0 } = {}): void {
  lines.add({ event: eventIn(namespace, message, of), at: new Date(), since });
}
const next = (now = 0) => lines.next(now)?.event.message;

test("namespaces take turns, whoever has most to say", () => {
  for (const message of ["a1", "a2", "a3"]) add("a", message);
  for (const message of ["b1", "b2"]) add("b", message);
  expect(next()).toBe("a1");
  add("c", "c1");
  expect([next(), next(), next(), next(), next()]).toStrictEqual(["b1", "a2", "c1", "b2", "a3"]);
  expect(lines.isEmpty()).toBe(true);
  expect(next()).toBeUndefined();
});

test("of a namespace those on policies go first", () => {
  add("a", "pod");
  add("a", "policy", { of: POLICY });
  expect([next(), next()]).toStrictEqual(["policy", "pod"]);
});

test("what has no room is counted, and the next of that namespace says so", () => {
  for (let one = 0; one < MOST_WAITING + 7; one += 1) add("a", `a${one}`);
  add("a", "policy", { of: POLICY });
  add("b", "b1");
  expect(lines.next(0)).toMatchObject({ event: { message: "policy" }, leftOut: 7 });
  expect(lines.next(0)).toMatchObject({ event: { message: "b1" }, leftOut: 0 });
  expect(lines.next(0)).toMatchObject({ event: { message: "a0" }, leftOut: 0 });
  let rest = 0;
  while (next() !== undefined) rest += 1;
  expect(rest).toBe(MOST_WAITING - 1);
});

test("what comes too late is left out", () => {
  add("a", "late");
  add("a", "in time", { since: 1 });
  add("b", "late");
  add("b", "late");
  expect(lines.next(LATE_MILLISECONDS + 1)).toMatchObject({
    event: { message: "in time" },
    leftOut: 1,
  });
  expect(lines.next(LATE_MILLISECONDS + 1)).toBeUndefined();
  expect(lines.isEmpty()).toBe(true);
});

test("there is an end to how many namespaces wait", () => {
  for (let one = 0; one < MOST_LINES + 3; one += 1) add(`namespace-${one}`, "one");
  add("namespace-0", "two");
  let all = 0;
  while (next() !== undefined) all += 1;
  expect(all).toBe(MOST_LINES + 1);
});

test("what is left out is counted where nothing waits, for the next of that namespace", () => {
  lines.leaveOut(eventIn("a", "left out"));
  expect(lines.isEmpty()).toBe(true);
  add("b", "b1");
  add("a", "late");
  expect(lines.next(0)).toMatchObject({ event: { message: "b1" }, leftOut: 0 });
  expect(next(LATE_MILLISECONDS + 1)).toBeUndefined();
  expect(leftOut).toStrictEqual(["left out", "late"]);
  add("a", "a1", { since: LATE_MILLISECONDS });
  expect(lines.next(LATE_MILLISECONDS)).toMatchObject({ event: { message: "a1" }, leftOut: 2 });
});

test("counts of namespaces that say nothing more give way to later ones", () => {
  const count = (one: number) => lines.leaveOut(eventIn(`namespace-${one}`, "left out"));
  for (let one = 0; one <= MOST_LINES; one += 1) count(one);
  count(2);
  const countOf = (namespace: string) => {
    add(namespace, "in time");
    return lines.next(0)?.leftOut;
  };
  expect([0, 1, 2, MOST_LINES].map((one) => countOf(`namespace-${one}`))).toStrictEqual([
    0, 1, 2, 1,
  ]);
});
