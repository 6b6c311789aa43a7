import { describe, expect, test } from "@jest/globals";
import { boundedPatch, PATCH_LIMIT_BYTES } from "./bounded-patch.ts";

/** The patch from nothing to a text of this length, as JSON. */
function patchBytes(text: string): number {
  return JSON.stringify([{ op: "add", path: "/a", value: text }]).length;
}

describe("a patch at its limit", () => {
  const text = "x".repeat(PATCH_LIMIT_BYTES - patchBytes(""));

  test("is made", () => {
    expect(boundedPatch({}, { a: text })).toStrictEqual([{ op: "add", path: "/a", value: text }]);
  });

  test.each([
    ["of one character more", { a: `${text}xx` }],
    ["whose characters are of more bytes", { a: text.replace("xxx", "€€€") }],
    ["whose characters are escaped", { a: text.replace("xxx", "\u0001\u0001\u0001") }],
    ["of one more operation", { a: text, b: 1 }],
  ])("is not, %s", (_, after) => {
    expect(boundedPatch({}, after)).toBeUndefined();
  });
});

test("no bytes are counted that the text has not", () => {
  const value = { 'k"': ["€", 1.5, null, true, {}, []], nested: [[{ a: "\n" }]] };
  const rest =
    PATCH_LIMIT_BYTES - patchBytes("") - JSON.stringify([{ op: "add", path: "/b", value }]).length;
  // Both begin and end as a list; empty lists and objects, and last items, are counted with a comma.
  const spare = 32;
  expect(boundedPatch({}, { a: "x".repeat(rest - spare), b: value })).toHaveLength(2);
});

test("one thing that stands in a list many times counts each time, and no text of it is made", () => {
  const shared = { text: "x".repeat(1_000) };
  const items = Array(1_000_000).fill(shared);
  expect(boundedPatch({ items: [] }, { items })).toBeUndefined();
  expect(boundedPatch({ items: items.map(() => 1) }, { items })).toBeUndefined();
});

test("what is the same costs nothing, however large", () => {
  const large = { text: "x".repeat(2 * PATCH_LIMIT_BYTES) };
  expect(boundedPatch({ large }, { large, b: 1 })).toStrictEqual([
    { op: "add", path: "/b", value: 1 },
  ]);
});
