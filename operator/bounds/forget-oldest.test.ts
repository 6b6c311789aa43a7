import { expect, test } from "@jest/globals";
import { forgetOldest } from "./forget-oldest.ts";

test.each([
  [5, ["a", "b", "c"]],
  [4, ["a", "b", "c"]],
  [3, ["b", "c"]],
  [2, ["c"]],
  [1, []],
])("of three, with a place for one more of %d, the youngest stay: %p", (most, stay) => {
  const set = new Set(["a", "b", "c"]);
  forgetOldest(set, most);
  expect([...set]).toStrictEqual(stay);
});

test("what is put into a map again keeps its age", () => {
  const map = new Map([
    ["a", 1],
    ["b", 1],
  ]);
  map.set("a", 2);
  forgetOldest(map, 2);
  expect([...map.keys()]).toStrictEqual(["b"]);
});
