import { beforeEach, expect, test } from "@jest/globals";
import type { Reason } from "../../api/reasons.ts";
import { createLineBreaks, type LineBreaks, withoutLineBreak } from "./line-breaks.ts";

const REFUSED = "AuthenticationFailed";
const SAID = "a value in the Secret ends in a line break";

const WHOLE = ["web\n", "pencil\r\n"];
const CUT = ["web", "pencil"];

let lineBreaks: LineBreaks;
beforeEach(() => {
  lineBreaks = createLineBreaks();
});

/** What a check sends that fails so, and what there is to say of it. */
function failing(values: string[], reason: Reason): [sent: string[], said: string | undefined] {
  const sent = lineBreaks.asSent(values);
  return [sent, lineBreaks.failed(reason)];
}

/** What a check sends that logs in. */
function loggingIn(values: string[]): string[] {
  const sent = lineBreaks.asSent(values);
  lineBreaks.loggedIn();
  return sent;
}

test.each([
  ["a", "a"],
  ["a\n", "a"],
  ["a\r\n", "a"],
  ["a\n\n", "a\n"],
  ["a\r", "a\r"],
  ["a\nb", "a\nb"],
  ["\n", ""],
])("%j without its line break: %j", (text, want) => {
  expect(withoutLineBreak(text)).toBe(want);
});

test("without line breaks first, and then in turn while logins are refused", () => {
  for (const sent of [CUT, WHOLE, CUT, WHOLE]) {
    expect(failing(WHOLE, REFUSED)).toStrictEqual([sent, SAID]);
  }
});

test("one value that ends in a line break is enough, beside one that does not", () => {
  const values = ["web", "pencil\n"];
  expect(failing(values, REFUSED)).toStrictEqual([CUT, SAID]);
  expect(failing(values, REFUSED)).toStrictEqual([values, SAID]);
});

test("what was taken stays, whatever else fails", () => {
  failing(WHOLE, REFUSED);
  expect(loggingIn(WHOLE)).toStrictEqual(WHOLE);
  expect(failing(WHOLE, "ConnectionRefused")).toStrictEqual([WHOLE, undefined]);
  expect(failing(WHOLE, "CheckTimeout")).toStrictEqual([WHOLE, undefined]);
  expect(loggingIn(WHOLE)).toStrictEqual(WHOLE);
  failing(WHOLE, REFUSED);
  expect(loggingIn(WHOLE)).toStrictEqual(CUT);
  expect(loggingIn(WHOLE)).toStrictEqual(CUT);
});

test("what is refused after the login changes and says nothing", () => {
  loggingIn(WHOLE);
  expect(lineBreaks.failed(REFUSED)).toBeUndefined();
  expect(loggingIn(WHOLE)).toStrictEqual(CUT);
});

test("another value is sent without its line break first", () => {
  failing(WHOLE, REFUSED);
  expect(loggingIn(WHOLE)).toStrictEqual(WHOLE);
  expect(loggingIn(["web\n", "other\n"])).toStrictEqual(["web", "other"]);
  expect(loggingIn(WHOLE)).toStrictEqual(CUT);
});

test("nothing is said of values without one, and nothing changes", () => {
  failing(WHOLE, REFUSED);
  for (let check = 0; check < 2; check += 1) {
    expect(failing(CUT, REFUSED)).toStrictEqual([CUT, undefined]);
  }
  expect(loggingIn(WHOLE)).toStrictEqual(CUT);
});

test("nothing is said of a login that no values were asked for", () => {
  expect(lineBreaks.failed(REFUSED)).toBeUndefined();
});
