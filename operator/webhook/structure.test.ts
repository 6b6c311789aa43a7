import { expect, test } from "@jest/globals";
import { isStructureBounded, MAX_DEPTH, MAX_PARTS } from "./structure.ts";

const nested = (depth: number) => "[".repeat(depth) + "]".repeat(depth);
/** A list of empty objects; each but the last has a comma too. */
const objects = (count: number) => `[${Array(count).fill("{}").join(",")}]`;

test.each([
  ["nests as deep as is allowed", nested(MAX_DEPTH), true],
  ["nests one deeper", nested(MAX_DEPTH + 1), false],
  ["nests lists and objects one deeper", `${'{"a":['.repeat(MAX_DEPTH / 2)}[`, false],
  ["holds one nest beside another", `[${Array(MAX_DEPTH).fill(nested(2)).join(",")}]`, true],
  ["has as many parts as are allowed", objects(MAX_PARTS / 2), true],
  ["has one part more", `[${objects(MAX_PARTS / 2)}]`, false],
  ["has its commas in numbers", `[${"1,".repeat(MAX_PARTS - 1)}1]`, true],
  ["has one comma more", `[${"1,".repeat(MAX_PARTS)}1]`, false],
  ["has brackets and commas in a string", JSON.stringify("[{,".repeat(MAX_PARTS)), true],
  ["has quotes in a string", JSON.stringify(`"${"[".repeat(MAX_DEPTH + 1)}`), true],
  ["has a backslash at the end of a string", `"\\\\"${nested(MAX_DEPTH + 1)}`, false],
  ["ends within a string", `"${"[".repeat(MAX_DEPTH + 1)}`, true],
  ["ends within an escape", '"\\', true],
  ["is empty", "", true],
])("a text that %s", (_, text, bounded) => {
  expect(isStructureBounded(text)).toBe(bounded);
});
