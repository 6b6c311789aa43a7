import { afterEach, beforeEach, expect, jest, test } from "@jest/globals";
import { onceASecond } from "./once-a-second.ts";

beforeEach(() => {
  jest.useFakeTimers();
});
afterEach(() => {
  jest.useRealTimers();
});

test("is made when it is first asked for, and anew after a second", () => {
  let count = 0;
  const text = onceASecond(() => {
    count += 1;
    return `text ${count}`;
  });
  expect(count).toBe(0);
  const asked = [0, 0, 999, 1, 999, 1].map((pause) => {
    jest.advanceTimersByTime(pause);
    return text();
  });
  expect(asked).toStrictEqual(["text 1", "text 1", "text 1", "text 2", "text 2", "text 3"]);
});

test("what cannot be made is tried again at once", () => {
  let count = 0;
  const text = onceASecond(() => {
    count += 1;
    if (count === 1) throw new Error("not yet");
    return "text";
  });
  expect(text).toThrow("not yet");
  expect(text()).toBe("text");
});
