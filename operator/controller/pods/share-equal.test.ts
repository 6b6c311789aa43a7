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

test("one of more than 8,192 characters is not remembered", () => {
  const share = shareEqual<{ text: string }>();
  const ofLength = (length: number) => ({ text: "x".repeat(length - '{"text":""}'.length) });
  const longest = ofLength(8_192);
  expect(share(longest)).toBe(longest);
  expect(share(ofLength(8_192)) === longest).toBe(true);
  const longer = ofLength(8_193);
  expect(share(longer) === longer).toBe(true);
  expect(share(ofLength(8_193)) === longer).toBe(false);
});

test("after a MiB of different ones all are forgotten", () => {
  const share = shareEqual<{ text: string }>();
  const kib = (index: number) => ({ text: `${index}`.padEnd(1_024 - '{"text":""}'.length) });
  const first = share(kib(0));
  // 128 of 8 KiB would be a MiB; these are few enough that their number alone forgets none.
  const large = (index: number) => ({ text: `${index}`.padEnd(8_000) });
  for (let index = 0; index < 130; index++) share(large(index));
  share(kib(1));
  expect(share(kib(0))).toBe(first);
  share(large(130));
  const second = share(kib(0));
  expect(second).not.toBe(first);
  share(kib(1));
  expect(share(kib(0))).toBe(second);
});
