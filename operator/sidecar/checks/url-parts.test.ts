import { expect, test } from "@jest/globals";
import { decodeUrlPart, singleHost } from "./url-parts.ts";

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
