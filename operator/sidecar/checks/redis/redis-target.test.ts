/** What of a policy and of its Secrets makes a check. */
import { describe, expect, test } from "@jest/globals";
import type { RedisConfig } from "../../../api/policy-file.ts";
import { createCertificates } from "../testing/certificates.ts";
import { authorities } from "../tls/authorities.ts";
import { type RedisTarget, redisTarget } from "./redis-target.ts";

const { ca } = createCertificates();
const SECRET: Record<string, string> = {
  user: "web",
  password: "pencil",
  empty: "",
  command: "x\r\nflush_all",
  escape: "x\u001b",
  ca,
  plain: "redis://:pencil@url:6380/1",
  user_url: "redis://web:pencil@url",
  encrypted: "rediss://url",
  unverified: "rediss://url?ssl_cert_reqs=none",
  command_url: "redis://:x%0d%0aflush_all@url",
  line_break_url: "redis://:x%0a@url",
  line_breaks: "x\n\n",
};

const target = (config: RedisConfig): Promise<RedisTarget> =>
  redisTarget(config, { readSecretKey: async ({ key }) => SECRET[key] ?? "" });
const reason = (config: RedisConfig) =>
  target(config).then(
    () => "accepted",
    (error) => error.reason,
  );

const credentials = (passwordKey: string, usernameKey?: string) => ({
  secretName: "cache",
  passwordKey,
  ...(usernameKey && { usernameKey }),
});
const url = (key: string) => ({ connectionString: { secretName: "cache", key } });
const CA_SECRET = { secretName: "cache", key: "ca" };
const VERIFIED = {
  mode: "VerifyFull" as const,
  secureContext: authorities.secureContextOf(CA_SECRET, ca),
};
const IN_CLEAR = { mode: "Disable", secureContext: undefined };

describe("host and credentials", () => {
  test.each<[string, RedisConfig, object]>([
    ["nobody logs in", { host: "cache" }, { login: undefined }],
    [
      "a password alone",
      { host: "cache", credentials: credentials("password") },
      { login: ["pencil"] },
    ],
    [
      "a user and a password",
      { host: "cache", credentials: credentials("password", "user") },
      { login: ["web", "pencil"] },
    ],
  ])("%s", async (_, config, expected) => {
    expect(await target(config)).toStrictEqual({
      endpoint: { host: "cache", port: 6_379 },
      tls: IN_CLEAR,
      ...expected,
    });
  });

  test("the policy's port and mode, with its authority", async () => {
    const tls = { mode: "VerifyFull", caSecret: CA_SECRET } as const;
    const { endpoint, tls: read } = await target({ host: "cache", port: 1, tls });
    expect(endpoint.port).toBe(1);
    expect(read).toStrictEqual(VERIFIED);
  });
});

describe("a connection string", () => {
  test.each<[string, RedisConfig["tls"], object]>([
    ["plain", undefined, { endpoint: { host: "url", port: 6_380 }, login: ["pencil"] }],
    ["user_url", undefined, { login: ["web", "pencil"], tls: IN_CLEAR }],
    ["plain", { mode: "Disable" }, { tls: IN_CLEAR }],
    [
      "encrypted",
      undefined,
      { login: undefined, tls: { mode: "VerifyFull", secureContext: undefined } },
    ],
    ["encrypted", { mode: "Require" }, { tls: { mode: "Require", secureContext: undefined } }],
    ["encrypted", { mode: "VerifyFull", caSecret: CA_SECRET }, { tls: VERIFIED }],
    ["unverified", undefined, { tls: { mode: "Require", secureContext: undefined } }],
  ])("%s with tls %j", async (key, tls, expected) => {
    expect(await target({ ...url(key), ...(tls && { tls }) })).toMatchObject(expected);
  });
});

test.each<[string, RedisConfig]>([
  ["no host", {}],
  ["an empty password", { host: "cache", credentials: credentials("empty") }],
  ["an empty user", { host: "cache", credentials: credentials("password", "empty") }],
  ["a command in a password", { host: "cache", credentials: credentials("command") }],
  ["an escape in a user", { host: "cache", credentials: credentials("password", "escape") }],
  [
    "two line breaks at the end of a password",
    { host: "c", credentials: credentials("line_breaks") },
  ],
  ["a command in the password of a URL", url("command_url")],
  ["a line break at the end of the password of a URL", url("line_break_url")],
  ["no URL", url("empty")],
  ["encryption that the URL has not", { ...url("plain"), tls: { mode: "Require" } }],
  ["no encryption although the URL has it", { ...url("encrypted"), tls: { mode: "Disable" } }],
  ["two ways to verify", { ...url("unverified"), tls: { mode: "Require" } }],
  [
    "an authority that is none",
    { host: "c", tls: { mode: "VerifyFull", caSecret: { secretName: "cache", key: "user" } } },
  ],
])("%s: Misconfigured", async (_, config) => {
  expect(await reason(config)).toBe("Misconfigured");
});
