import { expect, test } from "@jest/globals";
import { createTurns } from "./turns.ts";

const takeAll = (turns: ReturnType<typeof createTurns<string>>): string[] => {
  const value = turns.take();
  return value === undefined ? [] : [value, ...takeAll(turns)];
};

test("groups take turns, and the values of one are in the order in which they came", () => {
  const turns = createTurns<string>();
  for (const key of ["1", "2", "3"]) turns.set("many", key, `many ${key}`);
  turns.set("one", "1", "one 1");
  expect(turns.size()).toBe(4);
  expect(takeAll(turns)).toStrictEqual(["many 1", "one 1", "many 2", "many 3"]);
  expect(turns.size()).toBe(0);
});

test("a group that comes again comes after all others", () => {
  const turns = createTurns<string>();
  turns.set("many", "1", "many 1");
  turns.set("one", "1", "one 1");
  turns.set("many", "2", "many 2");
  expect(turns.take()).toBe("many 1");
  expect(turns.take()).toBe("one 1");
  turns.set("one", "2", "one 2");
  expect(takeAll(turns)).toStrictEqual(["many 2", "one 2"]);
});

test("a key that waits already keeps its place and counts once", () => {
  const turns = createTurns<string>();
  turns.set("one", "1", "old");
  turns.set("one", "2", "next");
  turns.set("one", "1", "new");
  expect(turns.get("one", "1")).toBe("new");
  expect(turns.get("other", "1")).toBeUndefined();
  expect(turns.size()).toBe(2);
  expect(takeAll(turns)).toStrictEqual(["new", "next"]);
});

test("what is not due keeps its place, and has its group lose no turn", () => {
  const turns = createTurns<string>();
  turns.set("one", "1", "late");
  turns.set("one", "2", "due 1");
  turns.set("two", "1", "late");
  turns.set("three", "1", "due 2");
  const isDue = (value: string) => value.startsWith("due");
  expect([turns.take(isDue), turns.take(isDue), turns.take(isDue)]).toStrictEqual([
    "due 1",
    "due 2",
    undefined,
  ]);
  turns.set("two", "2", "due 3");
  expect([turns.take(isDue), turns.size()]).toStrictEqual(["due 3", 2]);
});

test("the longest group is known, and can give up its last value", () => {
  const turns = createTurns<string>();
  expect([turns.longest(), turns.sizeOf("some"), turns.takeLast("some")]).toStrictEqual([
    undefined,
    0,
    undefined,
  ]);
  turns.set("some", "1", "some 1");
  for (const key of ["1", "2", "3"]) turns.set("many", key, `many ${key}`);
  turns.set("some", "2", "some 2");
  expect([turns.longest(), turns.sizeOf("many")]).toStrictEqual(["many", 3]);
  expect([turns.takeLast("many"), turns.takeLast("many")]).toStrictEqual(["many 3", "many 2"]);
  expect([turns.longest(), turns.size()]).toStrictEqual(["some", 3]);
  expect(turns.takeLast("many")).toBe("many 1");
  expect(takeAll(turns)).toStrictEqual(["some 1", "some 2"]);
  expect(turns.longest()).toBeUndefined();
});

test("what is removed has no turn, and is counted no more", () => {
  const turns = createTurns<number>();
  turns.set("a", "1", 1);
  turns.set("a", "2", 2);
  turns.set("b", "1", 3);
  for (const [group, key] of [
    ["a", "1"],
    ["b", "1"],
    ["b", "1"],
    ["c", "1"],
  ] as const) {
    turns.remove(group, key);
  }
  expect([turns.size(), turns.sizeOf("a"), turns.sizeOf("b"), turns.longest()]).toStrictEqual([
    1,
    1,
    0,
    "a",
  ]);
  expect([turns.take(), turns.take()]).toStrictEqual([2, undefined]);
});
