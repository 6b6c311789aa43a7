import { expect, test } from "@jest/globals";
import { createLeakyBucket } from "./leaky-bucket.ts";

test("loses so much a second, and never more than there is", () => {
  let now = 5_000;
  const bucket = createLeakyBucket(10, () => now);
  bucket.add(15);
  now += 500;
  expect(bucket.level()).toBe(10);
  bucket.add(20);
  now += 1_000;
  expect(bucket.level()).toBe(20);
  now += 60_000;
  expect(bucket.level()).toBe(0);
  bucket.add(1);
  expect(bucket.level()).toBe(1);
});
