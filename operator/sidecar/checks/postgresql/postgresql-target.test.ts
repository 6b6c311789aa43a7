/** What of a policy and of its Secrets makes a login. */
import { describe, expect, test } from "@jest/globals";
import type { PostgresqlConfig } from "../../../api/policy-file.ts";
import { createLineBreaks } from "../line-breaks.ts";
import { createCertificates } from "../testing/certificates.ts";
import { authorities } from "../tls/authorities.ts";
import { type PostgresqlTarget, postgresqlTarget } from "./postgresql-target.ts";

const { ca } = createCertificates();
const BROKEN = "-----BEGIN CERTIFICATE-----\nAAAA\n-----END CERTIFICATE-----\n";
const CREDENTIALS = { secretName: "db", usernameKey: "user", passwordKey: "password" };
const PLAIN: PostgresqlConfig = { host: "db", credentials: CREDENTIALS, query: "SELECT 1" };

/** The target, with the Secret's keys as given. */
function target(
  config: Partial<PostgresqlConfig>,
  keys: Record<string, string> = {},
  lineBreaks = createLineBreaks(),
): Promise<PostgresqlTarget> {
  const secret: Record<string, string> = { user: "web", password: "pencil", ...keys };
  const readSecretKey = async ({ key }: { key: string }) => secret[key] ?? "";
  return postgresqlTarget({ query: "SELECT 1", ...config }, { readSecretKey, lineBreaks });
}

const reason = (given: Promise<PostgresqlTarget>) =>
  given.then(
    () => "accepted",
    (error) => error.reason,
  );

test("host and credentials alone: the default port, the user's database, TLS where it is offered", async () => {
  expect(await target(PLAIN)).toStrictEqual({
    login: {
      host: "db",
      port: 5_432,
      user: "web",
      password: "pencil",
      database: "web",
      options: undefined,
      channelBinding: false,
    },
    tls: { mode: "Prefer", secureContext: undefined },
  });
});

test("a connection string says all, its TLS mode included", async () => {
  const config = { connectionString: { secretName: "db", key: "url" } };
  const url = "postgresql://web:pencil@db.example:6432/orders?sslmode=require";
  expect(await target(config, { url })).toMatchObject({
    login: { host: "db.example", port: 6_432, user: "web", password: "pencil", database: "orders" },
    tls: { mode: "Require" },
  });
  const beside = { ...config, tls: { mode: "Require" as const } };
  expect(await reason(target(beside, { url }))).toBe("Misconfigured");
});

test("a password of a connection string has the bound of one in a key of its own", async () => {
  const config = { connectionString: { secretName: "db", key: "url" } };
  const withPassword = (characters: number) =>
    reason(target(config, { url: `postgresql://web:${"%C3%BC".repeat(characters)}@db/orders` }));
  expect(await withPassword(512)).toBe("accepted");
  expect(await withPassword(513)).toBe("Misconfigured");
});

test.each<[string, Partial<PostgresqlConfig>, Record<string, string>, string]>([
  ["no host", { credentials: CREDENTIALS }, {}, "Misconfigured"],
  ["no credentials", { host: "db" }, {}, "Misconfigured"],
  ["an empty user", PLAIN, { user: "" }, "Misconfigured"],
  ["a user of one line feed", PLAIN, { user: "\n" }, "Misconfigured"],
  ["a line feed within a password", PLAIN, { password: "a\nb" }, "Misconfigured"],
  ["an empty password", PLAIN, { password: "" }, "accepted"],
  ["a password of 64 KiB of ASCII", PLAIN, { password: "p".repeat(65_536) }, "accepted"],
  [
    "a password of 1,024 bytes with other letters",
    PLAIN,
    { password: "\u00FC".repeat(512) },
    "accepted",
  ],
  [
    "a password of 1,025 bytes with other letters",
    PLAIN,
    { password: `p${"\u00FC".repeat(512)}` },
    "Misconfigured",
  ],
])("%s", async (_, config, keys, want) => {
  expect(await reason(target(config, keys))).toBe(want);
});

test("user and password are taken as they are read, spaces included", async () => {
  const { login } = await target(PLAIN, { user: " web ", password: " pencil " });
  expect(login).toMatchObject({ user: " web ", password: " pencil " });
});

describe.each(["\n", "\r\n"])("%j at the end of a value", (end) => {
  const keys = { user: `web${end}`, password: `${"\u00FC".repeat(512)}${end}` };

  test("is sent after a login that was refused without it, also behind the longest password", async () => {
    const lineBreaks = createLineBreaks();
    const cut = await target(PLAIN, keys, lineBreaks);
    expect(cut.login).toMatchObject({ user: "web", password: "\u00FC".repeat(512) });
    lineBreaks.failed("AuthenticationFailed");
    const whole = await target(PLAIN, keys, lineBreaks);
    expect(whole.login).toMatchObject({ ...keys, database: keys.user });
  });

  test.each(["user", "password"])("is refused in the %s where another one follows", async (key) => {
    expect(await reason(target(PLAIN, { [key]: `x${end}${end}` }))).toBe("Misconfigured");
  });

  test("is refused in host and database, and in each part of a connection string", async () => {
    expect(await reason(target({ ...PLAIN, host: `db${end}` }))).toBe("Misconfigured");
    expect(await reason(target({ ...PLAIN, database: `db${end}` }))).toBe("Misconfigured");
    const config = { connectionString: { secretName: "db", key: "url" } };
    const escaped = encodeURIComponent(end);
    for (const [user, password, database] of [
      [`u${escaped}`, "p", "d"],
      ["u", `p${escaped}`, "d"],
      ["u", "p", `d${escaped}`],
    ]) {
      const url = `postgresql://${user}:${password}@db/${database}`;
      expect(await reason(target(config, { url }))).toBe("Misconfigured");
    }
  });
});

describe("the authority", () => {
  const caSecret = { secretName: "ca", key: "ca.crt" };
  const verifying = { ...PLAIN, tls: { mode: "VerifyFull" as const, caSecret } };

  test("is read for VerifyFull alone, and unset without a Secret", async () => {
    expect((await target(verifying, { "ca.crt": ca })).tls).toStrictEqual({
      mode: "VerifyFull",
      secureContext: authorities.secureContextOf(caSecret, ca),
    });
    const requiring = { ...verifying, tls: { mode: "Require" as const, caSecret } };
    expect((await target(requiring, { "ca.crt": ca })).tls.secureContext).toBeUndefined();
    const publicly = { ...PLAIN, tls: { mode: "VerifyFull" as const } };
    expect((await target(publicly, { "ca.crt": ca })).tls.secureContext).toBeUndefined();
  });

  test.each([
    ["two certificates", `${ca}${ca}`, "accepted"],
    ["one that is none, last", `${ca}${BROKEN}`, "Misconfigured"],
    ["one that is none, first", `${BROKEN}${ca}`, "Misconfigured"],
    ["no certificate", "hello", "Misconfigured"],
    ["nothing", "", "Misconfigured"],
  ])("with %s", async (_, text, want) => {
    expect(await reason(target(verifying, { "ca.crt": text }))).toBe(want);
  });
});
