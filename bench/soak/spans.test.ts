import { expect, test } from "@jest/globals";
import { outside, within } from "./spans.ts";

test("a moment is within a span from its beginning on, and no longer at its end", () => {
  const spans = [
    { from: 10, to: 20 },
    { from: 30, to: 40 },
  ];
  const moments = [9, 10, 19, 20, 25, 30, 39, 40].map((at) => ({ at }));
  expect(outside(moments, spans).map(({ at }) => at)).toStrictEqual([9, 20, 25, 40]);
  expect(within(moments, spans).map(({ at }) => at)).toStrictEqual([10, 19, 30, 39]);
  expect(outside(moments, [])).toStrictEqual(moments);
});
