import { expect, test } from "@jest/globals";
import { allElements, firstElements } from "./der.ts";

const read = (hex: string, most = 10) =>
  firstElements(Buffer.from(hex, "hex"), most).map(({ tag, content }) => [
    tag,
    content.toString("hex"),
  ]);

test("elements of every form of length", () => {
  const long = "00".repeat(128);
  expect(read(`0201050500308180${long}30820080${long}0500`)).toStrictEqual([
    [0x02, "05"],
    [0x05, ""],
    [0x30, long],
    [0x30, long],
    [0x05, ""],
  ]);
});

test("no more than are asked for", () => {
  expect(read("0500".repeat(1_000), 2)).toHaveLength(2);
});

test.each([
  ["nothing", ""],
  ["a tag alone", "02"],
  ["cut off", "020305"],
  ["a length that is cut off", "028201"],
  ["a length that is left open", "30800201050000"],
  ["a length of four bytes", "02840000000105"],
  ["a long tag", "1f8101020105"],
])("ends before %s", (_, hex) => {
  expect(read(`0500${hex}`)).toStrictEqual([[5, ""]]);
});

test.each<[string, string, number | undefined]>([
  ["nothing", "", 0],
  ["two", "05000500", 2],
  ["three, more than are asked for", "050005000500", undefined],
  ["two and what is none", "0500050030", undefined],
])("all of %s", (_, hex, count) => {
  expect(allElements(Buffer.from(`ffff${hex}`, "hex").subarray(2), 2)?.length).toBe(count);
});
