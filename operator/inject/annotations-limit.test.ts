/** Keys and values together, in bytes, as the API server counts them. */
import { expect, test } from "@jest/globals";
import { hasRoomForAnnotations } from "./annotations-limit.ts";

const LIMIT = 256 * 1024;

test.each<[string, Record<string, string>, Record<string, string>, boolean]>([
  ["nothing", {}, {}, true],
  ["as much as there may be", { key: "v".repeat(LIMIT - 3) }, {}, true],
  ["a byte more", { key: "v".repeat(LIMIT - 2) }, {}, false],
  ["as much in two parts", { key: "v".repeat(LIMIT - 5) }, { a: "b" }, true],
  ["a byte more in the second part", { key: "v".repeat(LIMIT - 5) }, { a: "bc" }, false],
  ["characters of two bytes", { key: "ä".repeat(LIMIT / 2) }, {}, false],
])("%s", (_what, annotations, more, expected) => {
  expect(hasRoomForAnnotations(annotations, more)).toBe(expected);
});
