import { expect, test } from "@jest/globals";
import { createObjectPace, OBJECT_BURST, OBJECT_MILLISECONDS } from "./object-pace.ts";

function takeAll(pace: ReturnType<typeof createObjectPace>, uid: string, now: number): number {
  let taken = 0;
  while (pace.take(uid, now)) taken += 1;
  return taken;
}

test("an object has a few turns at once, then one a minute, and others have theirs", () => {
  const pace = createObjectPace();
  expect(takeAll(pace, "a", 0)).toBe(OBJECT_BURST);
  expect(pace.take("a", OBJECT_MILLISECONDS - 1)).toBe(false);
  expect(takeAll(pace, "a", OBJECT_MILLISECONDS)).toBe(1);
  expect(takeAll(pace, "b", OBJECT_MILLISECONDS)).toBe(OBJECT_BURST);
  expect(takeAll(pace, "a", 100 * OBJECT_MILLISECONDS)).toBe(OBJECT_BURST);
});

test("remembers no more objects than it may, and quiet ones no longer", () => {
  const pace = createObjectPace();
  for (let one = 0; one < 5_000; one += 1) expect(pace.take(`uid-${one}`, 0)).toBe(true);
  expect(pace.take("another", 0)).toBe(false);
  expect(pace.take("uid-0", 0)).toBe(true);
  expect(pace.take("another", OBJECT_MILLISECONDS)).toBe(true);
  // Of uid-0 one turn is not free yet: it was not forgotten with the others.
  expect(takeAll(pace, "uid-0", OBJECT_MILLISECONDS)).toBe(OBJECT_BURST - 1);
});
