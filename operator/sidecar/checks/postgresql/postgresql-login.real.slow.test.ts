/** Every way to log in, against a real server, with the usual driver as a second opinion. */
import { createHmac, hash, pbkdf2Sync } from "node:crypto";
import { afterAll, beforeAll, describe, expect, test } from "@jest/globals";
import pg from "pg";
import type { PostgresqlConfig, TlsConfig } from "../../../api/policy-file.ts";
import { CheckError } from "../check.ts";
import { resolutionOf } from "../network/testing/resolution-of.ts";
import { leavingNothing, type Outcome, runCheck } from "../testing/contract.ts";
import { VERIFY } from "../testing/database-secrets.ts";
import type { RealServer } from "../testing/real-server.ts";
import { createPostgresql, postgresql } from "./postgresql.ts";
import { MAX_ROUNDS, saslPrep, scramKeys } from "./scram.ts";
import { createDeriver } from "./scram-key-memory.ts";
import { openSession } from "./testing/open-session.ts";
import { certificates, dependency, SECRETS } from "./testing/postgresql-subject.ts";
import { createDatabaseFolder, type DatabaseFolder } from "./testing/real-postgresql.ts";

/** A database is made and started in about 3 s; a busy machine takes longer. */
const START_TIMEOUT = 60_000;

const CREDENTIALS = { secretName: "login", usernameKey: "user", passwordKey: "password" };

/** User, password, how the server asks for it. */
const USERS: [user: string, password: string, method: string][] = [
  ["scram", "a password", "scram-sha-256"],
  ["spaces", "no\u00A0break\u3000space", "scram-sha-256"],
  ["ligature", "\uFB01ne e\u0301 \u00ADx", "scram-sha-256"],
  ["long", "p".repeat(2_000), "scram-sha-256"],
  ["md5", "a password \u00FC", "md5"],
  ["clear", "a password \u00FC", "password"],
  ["trusted", "whatever", "trust"],
];

/** Users whose rules of access are others over TLS than in clear. */
const RULES_BY_ENCRYPTION = [
  "hostssl all clear_alone 127.0.0.1/32 reject",
  "hostnossl all clear_alone 127.0.0.1/32 scram-sha-256",
  "hostssl all text_in_clear 127.0.0.1/32 reject",
  "hostnossl all text_in_clear 127.0.0.1/32 password",
  "host all nobody 127.0.0.1/32 reject",
];

let folder: DatabaseFolder;
let server: RealServer;
let admin: pg.Client;

beforeAll(async () => {
  folder = createDatabaseFolder();
  const rules = USERS.map(([user, , method]) => `host all ${user} 127.0.0.1/32 ${method}`);
  const others = [...RULES_BY_ENCRYPTION, "host all all 127.0.0.1/32 scram-sha-256"];
  const hbaFile = folder.writeRules([...rules, ...others]);
  server = await folder.start({ hba_file: hbaFile }, certificates.server("localhost"));
  admin = await openSession(server.port);
  for (const [user, password, method] of USERS) {
    const encryption = method === "md5" ? "md5" : "scram-sha-256";
    await admin.query(`SET password_encryption = '${encryption}'`);
    await createRole(user, password);
  }
}, START_TIMEOUT);
afterAll(async () => {
  await admin?.end();
  await server?.stop();
  folder?.remove();
});

async function createRole(name: string, password: string): Promise<void> {
  await admin.query(`CREATE ROLE ${name} LOGIN PASSWORD ${admin.escapeLiteral(password)}`);
}

/** A check that the Secret `login` says how to do. */
function ask(
  user: string,
  password: string,
  config: Partial<PostgresqlConfig> = {},
): Promise<Outcome> {
  return runCheck(postgresql, subject(config), { readSecretKey: secrets({ user, password }) });
}

const subject = (config: Partial<PostgresqlConfig> = {}) =>
  dependency({ port: server.port, database: "postgres", credentials: CREDENTIALS, ...config });

const secrets =
  (login: { user: string; password: string }) =>
  async ({ secretName, key }: { secretName: string; key: string }): Promise<string> =>
    (secretName === "login" ? login[key as "user"] : SECRETS[`${secretName}/${key}`]) ?? "";

/** Whether the usual driver gets in. */
async function driverLogsIn(user: string, password: string): Promise<boolean> {
  const client = new pg.Client({
    user,
    password,
    host: "127.0.0.1",
    port: server.port,
    database: "postgres",
  });
  client.on("error", () => {});
  try {
    await client.connect();
    return true;
  } catch {
    return false;
  } finally {
    await client.end().catch(() => {});
  }
}

describe.each(["Disable", "Require"] as const)("TLS %s", (mode) => {
  test.each(USERS)("%s logs in", async (user, password) => {
    const success = { tls: mode === "Require" };
    expect(await ask(user, password, { tls: { mode } })).toEqual({ success });
    expect(await driverLogsIn(user, password)).toBe(true);
  });

  test.each(USERS.filter(([, , method]) => method !== "trust"))(
    "%s with another password does not",
    async (user, password) => {
      const outcome = await ask(user, `${password}x`, { tls: { mode } });
      expect(outcome).toEqual({ reason: "AuthenticationFailed" });
      expect(await driverLogsIn(user, `${password}x`)).toBe(false);
    },
  );
});

describe("a login that the server refuses over TLS", () => {
  const PASSWORD = "a password";
  beforeAll(async () => {
    for (const user of ["clear_alone", "text_in_clear", "nobody"]) await createRole(user, PASSWORD);
  });

  const askAs = (user: string, config: Partial<PostgresqlConfig> = {}, password = PASSWORD) =>
    leavingNothing(() =>
      runCheck(postgresql, subject({ host: "localhost", ...config }), {
        readSecretKey: secrets({ user, password }),
        comesBackInClear: config.tls?.mode !== "Disable",
      }),
    );

  /** How often the server has refused a login while `body` ran. */
  async function refusals(body: () => Promise<Outcome>) {
    const refused = () => server.log().split("FATAL: ").length;
    const before = refused();
    return { outcome: await body(), refused: refused() - before };
  }

  test("is made in clear with Prefer", async () => {
    expect(await askAs("clear_alone")).toEqual({ success: { tls: false } });
    expect(await askAs("clear_alone", { tls: { mode: "Prefer" } })).toEqual({
      success: { tls: false },
    });
  });

  test.each<TlsConfig>([{ mode: "Require" }, VERIFY])("is not with $mode", async (tls) => {
    const said = await refusals(() => askAs("clear_alone", { tls }));
    expect(said).toEqual({ outcome: { reason: "AuthenticationFailed" }, refused: 1 });
  });

  test.each<[string, string, number]>([
    ["by its rules in clear as well", "nobody", 2],
    ["for the password", "scram", 1],
  ])("%s: AuthenticationFailed", async (_, user, refused) => {
    const said = await refusals(() => askAs(user, {}, "a guess"));
    expect(said).toEqual({ outcome: { reason: "AuthenticationFailed" }, refused });
  });

  test("and in clear for the password: AuthenticationFailed", async () => {
    const said = await refusals(() => askAs("clear_alone", {}, "a guess"));
    expect(said).toEqual({ outcome: { reason: "AuthenticationFailed" }, refused: 2 });
  });

  test("what fails after a login in clear is the query", async () => {
    expect(await askAs("clear_alone", { query: "SELECT 1 WHERE false" })).toEqual({
      reason: "InvalidResponse",
    });
  });

  test("a query that is refused so is asked once", async () => {
    await admin.query("CREATE SEQUENCE asked; GRANT ALL ON asked TO scram");
    const refuse = "DO $$ BEGIN RAISE invalid_authorization_specification; END $$";
    const outcome = await askAs("scram", { query: `SELECT nextval('asked'); ${refuse}` });
    expect(outcome).toEqual({ reason: "AuthenticationFailed" });
    const { rows } = await admin.query("SELECT last_value FROM asked");
    expect(rows).toEqual([{ last_value: "1" }]);
  });

  test("the password itself goes in clear only where the policy says Disable", async () => {
    const tls = { mode: "Disable" } as const;
    expect(await askAs("text_in_clear")).toEqual({ reason: "AuthenticationFailed" });
    expect(await askAs("text_in_clear", { tls })).toEqual({ success: { tls: false } });
  });
});

describe("a database that no password guards", () => {
  test("runs the query of whoever names its user, with any password", async () => {
    await admin.query("CREATE TABLE orders AS SELECT 1 AS id; GRANT ALL ON orders TO trusted");
    const config = { query: "DELETE FROM orders RETURNING 1", tls: { mode: "Disable" } } as const;
    expect(await ask("trusted", "a guess", config)).toEqual({ success: { tls: false } });
    expect((await admin.query("SELECT 1 FROM orders")).rowCount).toBe(0);
  });
});

describe("channel binding", () => {
  const url = (host: string, parameters: string) => {
    SECRETS["db/bound"] = `postgresql://scram:a%20password@${host}/postgres?${parameters}`;
    const connectionString = { secretName: "db", key: "bound" };
    return runCheck(
      postgresql,
      { ...subject(), postgresql: { connectionString, query: "SELECT 1" } },
      { readSecretKey: secrets({ user: "", password: "" }) },
    );
  };

  test("required and possible: the login is bound to the certificate", async () => {
    const host = `localhost:${server.port}`;
    const outcome = await url(host, "sslmode=require&channel_binding=require");
    expect(outcome).toEqual({ success: { tls: true } });
  });

  test("required without TLS: AuthenticationFailed", async () => {
    const host = `localhost:${server.port}`;
    const outcome = await url(host, "sslmode=disable&channel_binding=require");
    expect(outcome).toEqual({ reason: "AuthenticationFailed" });
  });
});

describe("rounds of SCRAM", () => {
  /** What the server stores for a password: with it a server of any setting can be made. */
  function verifier(password: string, rounds: number): string {
    const salt = Buffer.from("sixteen bytes of");
    const salted = pbkdf2Sync(saslPrep(password), salt, rounds, 32, "sha256");
    const { clientKey } = scramKeys(salted);
    const storedKey = hash("sha256", clientKey, "base64");
    const serverKey = createHmac("sha256", salted).update("Server Key").digest("base64");
    return `SCRAM-SHA-256$${rounds}:${salt.toString("base64")}$${storedKey}:${serverKey}`;
  }

  test.each([
    [1, { success: { tls: false } }],
    [MAX_ROUNDS, { success: { tls: false } }],
    [MAX_ROUNDS + 1, { reason: "AuthenticationFailed" }],
  ])("%d", async (rounds, expected) => {
    await createRole(`rounds_${rounds}`, verifier("p", rounds));
    const tls = { mode: "Disable" } as const;
    expect(await ask(`rounds_${rounds}`, "p", { tls })).toEqual(expected);
  });
});

describe("the remembered keys", () => {
  let derived = 0;
  const derive = createDeriver();
  const check = createPostgresql(
    async (host) => resolutionOf(host),
    (...source) => {
      derived += 1;
      return derive(...source);
    },
  );
  const run = (config: ReturnType<typeof subject>, password: string) =>
    runCheck(check, config, { readSecretKey: secrets({ user: "changing", password }) });

  test("follow the password in the database and in the Secret", async () => {
    await createRole("changing", "first");
    // One object, as the loop of a dependency has: that is what remembers.
    const config = subject({ tls: { mode: "Disable" } });
    const up = { success: { tls: false } };
    const down = { reason: "AuthenticationFailed" };
    expect(await run(config, "first")).toEqual(up);
    expect(await run(config, "first")).toEqual(up);
    expect(await run(config, "second")).toEqual(down);
    await admin.query("ALTER ROLE changing PASSWORD 'second'");
    expect(await run(config, "second")).toEqual(up);
    expect(await run(config, "first")).toEqual(down);
    // One for each change of the password, here or there, and none for the second check.
    expect(derived).toBe(4);
    // The same password with a new salt.
    await admin.query("ALTER ROLE changing PASSWORD 'second'");
    expect(await run(config, "second")).toEqual(up);
  });

  test("go with the Secret", async () => {
    const config = subject({ tls: { mode: "Disable" } });
    const before = derived;
    const withSecret = secrets({ user: "scram", password: "a password" });
    const without = async () => {
      throw new CheckError("CredentialsMissing");
    };
    for (const readSecretKey of [withSecret, withSecret, without, withSecret]) {
      await runCheck(check, config, { readSecretKey });
    }
    expect(derived - before).toBe(2);
  });
});

describe("the limit of a query on the server", () => {
  const rowIf = (condition: string) =>
    `SELECT 1 FROM pg_settings WHERE name = 'statement_timeout' AND setting::int ${condition}`;

  test.each([
    ["is what is left of the check", rowIf("BETWEEN 1 AND 3000")],
    ["does not outlive the transaction, as a pooler needs it", `COMMIT; ${rowIf("= 0")}`],
  ])("%s", async (_, query) => {
    const outcome = await ask("scram", "a password", { query, tls: { mode: "Disable" } });
    expect(outcome).toEqual({ success: { tls: false } });
  });
});
