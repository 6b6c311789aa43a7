/** Keys and values together, in bytes, as the API server counts them; and how many there are. */
import { expect, test } from "@jest/globals";
import { hasRoomForAnnotations } from "./annotations-limit.ts";

const LIMIT = 256 * 1024;

/** So many short annotations. */
function many(count: number): Record<string, string> {
  return Object.fromEntries(Array.from({ length: count }, (_, place) => [`key-${place}`, ""]));
}

test.each<[string, Record<string, string>, Record<string, string>, boolean]>([
  ["nothing", {}, {}, true],
  ["as much as there may be", { key: "v".repeat(LIMIT - 3) }, {}, true],
  ["a byte more", { key: "v".repeat(LIMIT - 2) }, {}, false],
  ["as much in two parts", { key: "v".repeat(LIMIT - 5) }, { a: "b" }, true],
  ["a byte more in the second part", { key: "v".repeat(LIMIT - 5) }, { a: "bc" }, false],
  ["512 of them", many(512), {}, true],
  ["one more", many(513), {}, false],
  ["one more in the second part", many(512), { a: "" }, false],
  ["characters of two bytes", { key: "ä".repeat(LIMIT / 2) }, {}, false],
])("%s", (_what, annotations, more, expected) => {
  expect(hasRoomForAnnotations(annotations, more)).toBe(expected);
});
