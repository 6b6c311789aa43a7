/** A real PgBouncer in front of a real PostgreSQL: what it refuses checks with. */
import { afterAll, afterEach, beforeAll, expect, test } from "@jest/globals";
import type { PostgresqlConfig } from "../../../api/policy-file.ts";
import { CREDENTIALS } from "../testing/database-secrets.ts";
import type { RealServer } from "../testing/real-server.ts";
import { openSession } from "./testing/open-session.ts";
import { certificates, run, SECRETS } from "./testing/postgresql-subject.ts";
import {
  type PgbouncerOptions,
  pgbouncerVersion,
  startPgbouncer,
} from "./testing/real-pgbouncer.ts";
import { createDatabaseFolder, type DatabaseFolder, SUPERUSER } from "./testing/real-postgresql.ts";

/** A database is made and started in about 3 s; a busy machine takes longer. */
const START_TIMEOUT = 60_000;

const USERS = { [SUPERUSER.user]: SUPERUSER.password };
const WRONG = { credentials: { ...CREDENTIALS, passwordKey: "wrong" } };
const UP = { success: { tls: false } };

let folder: DatabaseFolder;
let server: RealServer;
let pgbouncer: RealServer | undefined;
beforeAll(async () => {
  console.log(pgbouncerVersion());
  folder = createDatabaseFolder();
  server = await folder.start();
}, START_TIMEOUT);
afterEach(async () => {
  await pgbouncer?.stop();
  pgbouncer = undefined;
});
afterAll(async () => {
  await server?.stop();
  folder?.remove();
});

async function behind(options: Partial<PgbouncerOptions>) {
  const { port } = await startOne(options);
  return (config: Partial<PostgresqlConfig> = {}) => run({ port, ...config });
}

async function startOne(options: Partial<PgbouncerOptions>): Promise<RealServer> {
  pgbouncer = await startPgbouncer({ server: server.port, users: USERS, ...options });
  return pgbouncer;
}

test.each(["scram-sha-256", "md5", "plain"])(
  "%s: up with the right password, AuthenticationFailed with a wrong one",
  async (auth_type) => {
    const ask = await behind({ settings: { auth_type } });
    expect(await ask()).toEqual(UP);
    expect(await ask(WRONG)).toEqual({ reason: "AuthenticationFailed" });
  },
);

test("a database that PgBouncer does not know: Misconfigured", async () => {
  const ask = await behind({});
  expect(await ask({ database: "none" })).toEqual({ reason: "Misconfigured" });
});

test("a password that has changed in the database alone: AuthenticationFailed", async () => {
  const users = { [SUPERUSER.user]: SECRETS["db/wrong"] ?? "" };
  const ask = await behind({ users });
  expect(await ask(WRONG)).toEqual({ reason: "AuthenticationFailed" });
});

test.each([
  [
    "AuthenticationFailed where it does not",
    "SELECT usename, passwd FROM pg_shadow WHERE usename = $1",
  ],
  // PgBouncer says the same of a server that it has lost, whatever the cause.
  ["ProtocolError where it may not be asked", "SELECT * FROM nothing WHERE x = $1"],
])("a user whom PgBouncer asks the server whether it knows: %s", async (outcome, auth_query) => {
  const ask = await behind({ settings: { auth_user: SUPERUSER.user, auth_query } });
  SECRETS["db/nobody"] = "nobody";
  const credentials = { ...CREDENTIALS, usernameKey: "nobody" };
  const [reason] = outcome.split(" ");
  expect(await ask({ credentials, database: "postgres" })).toEqual({ reason });
});

test.each([
  ["a rule that rejects", "host all all 127.0.0.1/32 reject"],
  ["no rule that fits", "host all all 192.0.2.0/24 scram-sha-256"],
])("%s: AuthenticationFailed", async (_, rule) => {
  const ask = await behind({ rules: [rule] });
  expect(await ask()).toEqual({ reason: "AuthenticationFailed" });
});

test("a database that its administrator closed to new clients: AuthenticationFailed, as those of before go on", async () => {
  const { port } = await startOne({ settings: { admin_users: SUPERUSER.user } });
  const [admin, before] = await Promise.all([openSession(port, "pgbouncer"), openSession(port)]);
  await admin.query("DISABLE postgres");
  expect(await run({ port })).toEqual({ reason: "AuthenticationFailed" });
  expect((await before.query("SELECT 1")).rowCount).toBe(1);
  await admin.query("ENABLE postgres");
  expect(await run({ port })).toEqual(UP);
  await Promise.all([admin.end(), before.end()]);
});

test("no place for one more client: TooManyConnections", async () => {
  const ask = await behind({ settings: { max_client_conn: "0" } });
  expect(await ask()).toEqual({ reason: "TooManyConnections" });
});

test("a pool that sessions of the app keep: CheckTimeout as its user, and up as one of its own", async () => {
  const CHECK = { user: "chk", password: "a-password" };
  const admin = await openSession(server.port);
  await admin.query(`CREATE ROLE ${CHECK.user} LOGIN PASSWORD '${CHECK.password}'`);
  await admin.end();
  const users = { ...USERS, [CHECK.user]: CHECK.password };
  const settings = { pool_mode: "session", default_pool_size: "1" };
  const { port } = await startOne({ users, settings });
  const kept = await openSession(port);
  await kept.query("SELECT 1");
  expect(await run({ port }, 1_000)).toEqual({ reason: "CheckTimeout" });
  Object.assign(SECRETS, { "db/chk": CHECK.user, "db/chk-password": CHECK.password });
  const credentials = { ...CREDENTIALS, usernameKey: "chk", passwordKey: "chk-password" };
  expect(await run({ port, database: "postgres", credentials })).toEqual(UP);
  await kept.end();
});

test("encrypted connections alone: TLSFailed without TLS, and up with it", async () => {
  const ask = await behind({ certificate: certificates.server("localhost") });
  expect(await ask({ tls: { mode: "Disable" } })).toEqual({ reason: "TLSFailed" });
  expect(await ask()).toEqual({ success: { tls: true } });
});
