import { expect, test } from "@jest/globals";
import { createdSeconds } from "./created-seconds.ts";

test("when a pod was created, in seconds", () => {
  expect(createdSeconds({ creationTimestamp: "2026-09-26T05:20:00Z" })).toBe(29_840_000 * 60);
  expect(createdSeconds({})).toBe(0);
});
