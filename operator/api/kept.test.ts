import { expect, test } from "@jest/globals";
import { keptLabels, keptText } from "./kept.ts";

const labelsOf = (count: number, value = "") =>
  Object.fromEntries(Array.from({ length: count }, (_, index) => [`key-${index}`, value]));

test("as many labels as there may be are kept as they are", () => {
  const labels = labelsOf(64);
  expect(keptLabels(labels)).toBe(labels);
  expect(keptLabels(labelsOf(65))).toBeUndefined();
  expect(keptLabels(undefined)).toStrictEqual({});
});

test("labels are kept up to 4,096 characters, keys and values together", () => {
  expect(keptLabels({ key: "v".repeat(4_093) })).toBeDefined();
  expect(keptLabels({ key: "v".repeat(4_094) })).toBeUndefined();
  expect(keptLabels(labelsOf(64, "v".repeat(63)))).toBeUndefined();
});

test("of too many no more is looked at than the limit", () => {
  let read = 0;
  const labels = {};
  for (const key of Object.keys(labelsOf(1_000))) {
    Object.defineProperty(labels, key, { enumerable: true, get: () => `${read++}` });
  }
  expect(keptLabels(labels)).toBeUndefined();
  expect(read).toBeLessThan(70);
});

test("a text is kept whole or not at all", () => {
  expect(keptText("name", 4)).toBe("name");
  expect(keptText("name", 3)).toBeUndefined();
  expect(keptText(undefined, 3)).toBeUndefined();
});
