import { expect, test } from "@jest/globals";
import { decodeUrlPart, namedUser, singleHost, urlReader } from "./url-parts.ts";

const MISCONFIGURED = expect.objectContaining({ reason: "Misconfigured" });

test("a part is decoded", () => {
  expect(decodeUrlPart("p%2F%23%3A")).toBe("p/#:");
});

test("a broken escape: Misconfigured, without the text", () => {
  expect(() => decodeUrlPart("s3cret%zz")).toThrow(MISCONFIGURED);
  expect(() => decodeUrlPart("s3cret%zz")).not.toThrow(/s3cret/);
});

test.each([
  ["db", "db"],
  ["[::1]", "::1"],
])("%s is one host", (text, host) => {
  expect(singleHost(text)).toBe(host);
});

test.each(["", "[]", "a,b", "/run/socket"])("%j is none: Misconfigured", (text) => {
  expect(() => singleHost(text)).toThrow(MISCONFIGURED);
});

const readUrl = urlReader({ scheme: "db|dbs", path: "[0-9]?", example: "db://host:1/2" });

test.each(["db://user:p%20w@h:1/2?a=b", "dbs://h", "db:///", "db://h?a=b/c?d"])(
  "%s is read",
  (text) => {
    expect(readUrl(text).href).toBe(text);
  },
);

test.each([
  ["another scheme", "dbx://h"],
  ["a longer one", "xdb://h"],
  ["something before it", "\u{feff}db://h"],
  ["another path", "db://h/two"],
  ["one path more", "db://h/2/3"],
  ["a fragment", "db://user:p#w@h"],
  ["a fragment at the end", "db://h?a=b#c"],
  ["a line break", "db://user:p\nw@h"],
  ["a tab in the parameters", "db://h?a=\tb"],
  ["a space", "db://user:p w@h"],
  ["a port that is none", "db://h:x"],
])("%s: Misconfigured, with what to write and without the text", (_what, text) => {
  expect(() => readUrl(text)).toThrow(MISCONFIGURED);
  expect(() => readUrl(text)).toThrow(
    expect.objectContaining({ problem: expect.stringContaining("write db://host:1/2") }),
  );
});

test("a user is named, or it is Misconfigured", () => {
  expect(namedUser("app")).toBe("app");
  expect(() => namedUser("")).toThrow(MISCONFIGURED);
});
