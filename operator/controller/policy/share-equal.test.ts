/** Equal objects become one, and what is remembered of them has a bound. */
import { expect, test } from "@jest/globals";
import { shareEqual } from "./share-equal.ts";

test("an object that is equal to an earlier one is that one", () => {
  const share = shareEqual<{ raised: string[] }>();
  const first = share({ raised: ["a"] });
  expect(share({ raised: ["a"] })).toBe(first);
  expect(share({ raised: ["b"] })).toStrictEqual({ raised: ["b"] });
  expect(share({ raised: ["a"] })).toBe(first);
});

test("after a thousand different ones all are forgotten", () => {
  const share = shareEqual<{ index: number }>();
  const first = share({ index: 0 });
  for (let index = 1; index < 1_000; index++) share({ index });
  expect(share({ index: 0 })).toBe(first);
  share({ index: 1_000 });
  expect(share({ index: 0 })).not.toBe(first);
});
