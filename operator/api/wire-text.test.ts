import { describe, expect, test } from "@jest/globals";
import { isQueryText, isWireText } from "./wire-text.ts";

/** Every control character of Unicode: U+0000 to U+001F and U+007F to U+009F. */
const CONTROLS = Array.from({ length: 0xa0 }, (_, code) => String.fromCharCode(code)).filter(
  (character) => /\p{Cc}/u.test(character),
);
const LAYOUT = ["\t", "\n", "\r"];

test("there are 65 control characters", () => {
  expect(CONTROLS).toHaveLength(65);
});

test.each(CONTROLS)("%j may stand in no value", (character) => {
  for (const text of [character, `${character}x`, `x${character}`, `x${character}y`]) {
    expect(isWireText(text)).toBe(false);
  }
});

test("a command after a line break is no value", () => {
  expect(isWireText("orders\r\nflush_all\r\n")).toBe(false);
});

test.each(["", "orders", "Bestellungen für Łódź", "日本 🗄", "a b~"])("%j may be sent", (text) => {
  expect(isWireText(text)).toBe(true);
  expect(isQueryText(text)).toBe(true);
});

describe("a query", () => {
  test.each(CONTROLS)("that holds %j", (character) => {
    expect(isQueryText(`SELECT 1${character}`)).toBe(LAYOUT.includes(character));
  });
});
