import { expect, test } from "@jest/globals";
import { soakMinutes } from "./soak-minutes.ts";

test.each([
  [undefined, 60],
  ["", 60],
  ["34", 34],
  ["0.5", 0.5],
])("SOAK_MINUTES=%s", (text, minutes) => {
  expect(soakMinutes(text)).toBe(minutes);
});

test.each(["an hour", "34m", "0", "-1"])("SOAK_MINUTES=%s is refused", (text) => {
  expect(() => soakMinutes(text)).toThrow(
    `SOAK_MINUTES=${text} must be a number of minutes, such as 34`,
  );
});
