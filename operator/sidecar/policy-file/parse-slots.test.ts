/**
 * Slots of the policy file as nobody but an attacker would write them; what is common is in parse-policy-file.test.ts.
 */
import { describe, expect, test } from "@jest/globals";
import type { Slots } from "../../api/policy-file.ts";
import { parseSlot } from "./parse-slots.ts";

const COMMAND = "x\r\nflush_all";
const NAME_TOO_LONG = "a".repeat(254);

describe("redis", () => {
  const REDIS: Slots["redis"] = {
    host: "cache",
    port: 6_379,
    credentials: { secretName: "cache", usernameKey: "user", passwordKey: "password" },
    tls: { mode: "VerifyFull", caSecret: { secretName: "ca", key: "ca.crt" } },
  };

  test.each<Slots["redis"]>([
    REDIS,
    { host: "cache", port: 6_379 },
    { host: "cache", port: 6_379, credentials: { secretName: "cache", passwordKey: "p" } },
    { connectionString: { secretName: "cache", key: "url" }, tls: { mode: "Require" } },
  ])("%j is taken", (redis) => {
    expect(parseSlot("redis", redis)).toStrictEqual({ redis });
  });

  test.each<[string, object]>([
    ["a command for a host", { host: COMMAND }],
    ["a host too long", { host: NAME_TOO_LONG }],
    ["a port out of range", { port: 65_536 }],
    ["no key of a password", { credentials: { secretName: "cache" } }],
    ["a key that leaves its folder", { credentials: { secretName: "cache", passwordKey: "../x" } }],
    ["TLS that a port cannot offer", { tls: { mode: "Prefer" } }],
  ])("%s: no slot", (_, part) => {
    expect(parseSlot("redis", { ...REDIS, ...part })).toStrictEqual({});
  });
});

describe("tcp", () => {
  const TCP: Slots["tcp"] = { host: "mail", port: 25 };

  test("is taken", () => {
    expect(parseSlot("tcp", { ...TCP, later: true })).toStrictEqual({ tcp: TCP });
  });

  test.each<[string, object]>([
    ["no port", { port: undefined }],
    ["a port out of range", { port: 65_536 }],
    ["no host", { host: undefined }],
    ["a URL for a host", { host: "tcp://mail" }],
    ["a command for a host", { host: COMMAND }],
  ])("%s: no slot", (_, part) => {
    expect(parseSlot("tcp", { ...TCP, ...part })).toStrictEqual({});
  });
});

describe("http", () => {
  const HTTP: Slots["http"] = {
    host: "api",
    port: 8_080,
    method: "HEAD",
    path: "/healthz?deep=%20",
    hostHeader: "[fd00::1]:8080",
    expectedStatus: { minimum: 200, maximum: 599 },
    tls: { mode: "VerifyFull", caSecret: { secretName: "ca", key: "ca.crt" } },
  };

  test.each<Partial<Slots["http"]>>([
    {},
    { path: `/${"p".repeat(1_023)}`, hostHeader: "h".repeat(259) },
    { tls: { mode: "Disable" } },
  ])("with %j is taken", (part) => {
    const http = { ...HTTP, ...part };
    expect(parseSlot("http", http)).toStrictEqual({ http });
  });

  test("needs no Host header", () => {
    const { hostHeader: _, ...http } = HTTP;
    expect(parseSlot("http", http)).toStrictEqual({ http });
  });

  test.each<[string, object]>([
    ["a method that changes something", { method: "POST" }],
    ["a request for a path", { path: "/ HTTP/1.1\r\nX: y" }],
    ["a path with a space", { path: "/a b" }],
    ["a path with a fragment", { path: "/#a" }],
    ["a URL for a path", { path: "http://other/" }],
    ["no path", { path: "" }],
    ["a path too long", { path: `/${"p".repeat(1_024)}` }],
    ["a path in another script", { path: "/\u00e9" }],
    ["a field behind a Host header", { hostHeader: "api\r\nX: y" }],
    ["a user in a Host header", { hostHeader: "user@api" }],
    ["an empty Host header", { hostHeader: "" }],
    ["a Host header too long", { hostHeader: "h".repeat(260) }],
    ["a status that announces another", { expectedStatus: { minimum: 100, maximum: 299 } }],
    ["a status that does not exist", { expectedStatus: { minimum: 200, maximum: 600 } }],
    ["half a range", { expectedStatus: { minimum: 200 } }],
    ["TLS that a port cannot offer", { tls: { mode: "Prefer" } }],
    ["no mode of TLS", { tls: {} }],
    ["no TLS at all", { tls: undefined }],
    ["a host too long", { host: NAME_TOO_LONG }],
  ])("%s: no slot", (_, part) => {
    expect(parseSlot("http", { ...HTTP, ...part })).toStrictEqual({});
  });
});
