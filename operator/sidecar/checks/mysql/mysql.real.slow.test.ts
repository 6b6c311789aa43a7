import { setTimeout as sleep } from "node:timers/promises";
import { afterAll, beforeAll, describe, expect, test } from "@jest/globals";
import type { MysqlConfig, TlsConfig } from "../../../api/policy-file.ts";
import { type Outcome, runCheck, SHORT } from "../testing/contract.ts";
import { CREDENTIALS, VERIFY } from "../testing/database-secrets.ts";
import type { RealServer } from "../testing/real-server.ts";
import { mysql } from "./mysql.ts";
import { certificates, readSecretKey, run, runBeside, SECRETS } from "./testing/mysql-subject.ts";
import { APP, createDatabaseFolder, type DatabaseFolder } from "./testing/real-mariadb.ts";

/** A database is made and started in about 6 s; a busy machine takes longer. */
const START_TIMEOUT = 90_000;

/** Enough for what happens once in 25 checks. */
const CHECKS = 100;
/** For a check in which the test does several things. */
const LONG = 20_000;

let folder: DatabaseFolder;
beforeAll(() => {
  folder = createDatabaseFolder();
}, START_TIMEOUT);
afterAll(() => folder?.remove());

/** Takes a place, and resolves when it is lost. A session that is no longer listed may have its place for a moment. */
async function hold(port: number): Promise<Outcome> {
  for (;;) {
    const outcome = await runBeside({ port, query: "SELECT sleep(60)" }, START_TIMEOUT);
    if (!("reason" in outcome) || outcome.reason !== "TooManyConnections") return outcome;
    await sleep(20);
  }
}

const inSessions = `FROM information_schema.processlist WHERE user = '${APP.user}'`;

describe("real MariaDB with TLS", () => {
  let server: RealServer;
  beforeAll(async () => {
    server = await folder.start({}, certificates.server("localhost"));
  }, START_TIMEOUT);
  afterAll(() => server?.stop());

  const ask = (config: Partial<MysqlConfig>, checkTimeout?: number) =>
    run({ host: "localhost", port: server.port, ...config }, checkTimeout);

  async function sessionsGone(): Promise<string> {
    const sessions = () => folder.sql(`SELECT count(*) ${inSessions}`);
    for (let tries = 0; tries < 50 && (await sessions()) !== "0"; tries += 1) await sleep(20);
    return sessions();
  }

  test.each<[TlsConfig | undefined, boolean]>([
    [undefined, true],
    [{ mode: "Disable" }, false],
    [{ mode: "Prefer" }, true],
    [{ mode: "Require" }, true],
    [VERIFY, true],
  ])("TLS %j succeeds with tls: %s", async (tls, encrypted) => {
    expect(await ask(tls ? { tls } : {})).toEqual({ success: { tls: encrypted } });
  });

  // Before all tests in which a server refuses somebody: it counts them, and later than they know of it.
  test.each(["SELECT 1", "SELECT 1 FROM none"])(
    "%s: the server is told goodbye",
    async (query) => {
      const aborted = () => folder.sql("SHOW GLOBAL STATUS LIKE 'Aborted_c%'");
      const before = await aborted();
      for (let checks = 0; checks < CHECKS; checks += 1) {
        for (const mode of ["Disable", "Require"] as const) await ask({ query, tls: { mode } });
      }
      expect(await sessionsGone()).toBe("0");
      expect(await aborted()).toBe(before);
    },
    START_TIMEOUT,
  );

  test.each<[string, Partial<MysqlConfig>, string]>([
    [
      "another authority",
      { tls: { ...VERIFY, caSecret: { secretName: "db", key: "stranger" } } },
      "TLSFailed",
    ],
    ["the public authorities", { tls: { mode: "VerifyFull" } }, "TLSFailed"],
    ["another name", { host: "127.0.0.1", tls: VERIFY }, "TLSFailed"],
    [
      "a wrong password",
      { credentials: { ...CREDENTIALS, passwordKey: "wrong" } },
      "AuthenticationFailed",
    ],
    [
      "no password",
      { credentials: { ...CREDENTIALS, passwordKey: "empty" } },
      "AuthenticationFailed",
    ],
    ["a database of others", { database: "mysql" }, "AuthenticationFailed"],
    ["a table of others", { query: "SELECT 1 FROM mysql.user" }, "AuthenticationFailed"],
    ["a query without rows", { query: "SELECT 1 FROM DUAL WHERE false" }, "InvalidResponse"],
    ["a query that fails", { database: "orders", query: "SELECT 1 FROM none" }, "InvalidResponse"],
    ["a query that is no SQL", { query: "hello" }, "InvalidResponse"],
    ["a query that gives no result", { query: "DO 1" }, "InvalidResponse"],
    ["two statements", { query: "SELECT 1; SELECT 1" }, "InvalidResponse"],
    [
      "a query that writes",
      { database: "orders", query: "CREATE TABLE written (a int)" },
      "InvalidResponse",
    ],
    [
      "a file of the client",
      { database: "orders", query: "LOAD DATA LOCAL INFILE '/etc/hosts' INTO TABLE none" },
      "InvalidResponse",
    ],
    [
      "a result over 64 KiB",
      { query: "SELECT repeat('x', 1000) FROM seq_1_to_100" },
      "ProtocolError",
    ],
    ["a packet over 64 KiB", { query: "SELECT repeat('x', 100000)" }, "ProtocolError"],
  ])("%s: fails", async (_, config, reason) => {
    expect(await ask({ database: "orders", ...config })).toEqual({ reason });
  });

  test("a missing database: Misconfigured to whom may see that it is missing", async () => {
    await folder.sql("CREATE USER root2@'%' IDENTIFIED BY 'p'", "GRANT ALL ON *.* TO root2@'%'");
    SECRETS["db/root2"] = "root2";
    SECRETS["db/p"] = "p";
    const credentials = { secretName: "db", usernameKey: "root2", passwordKey: "p" };
    const outcome = await ask({ database: "none", credentials });
    expect(outcome).toEqual({ reason: "Misconfigured" });
  });

  test.each([
    "SELECT 1 -- a comment at the end",
    "SELECT NULL",
    "SELECT ''",
    "SHOW DATABASES;",
    "VALUES (1)",
    "SELECT repeat('x', 60000)",
  ])("the query %j succeeds", async (query) => {
    expect(await ask({ query })).toEqual({ success: { tls: true } });
  });

  test("a query past the deadline: CheckTimeout, and no session stays behind", async () => {
    expect(await ask({ query: "SELECT sleep(30)" }, SHORT)).toEqual({ reason: "CheckTimeout" });
    expect(await sessionsGone()).toBe("0");
  });

  test("a user who must use TLS: succeeds with it, AuthenticationFailed without", async () => {
    await folder.sql("CREATE USER safe@'%' IDENTIFIED BY 'p' REQUIRE SSL");
    SECRETS["db/safe"] = "safe";
    SECRETS["db/p"] = "p";
    const credentials = { secretName: "db", usernameKey: "safe", passwordKey: "p" };
    expect(await ask({ credentials })).toEqual({ success: { tls: true } });
    const outcome = await ask({ credentials, tls: { mode: "Disable" } });
    expect(outcome).toEqual({ reason: "AuthenticationFailed" });
  });

  test("a server that takes encrypted connections alone: in clear no fault that takes running pods out", async () => {
    await folder.sql("SET GLOBAL require_secure_transport = ON");
    try {
      const outcome = await ask({ tls: { mode: "Disable" } });
      // The error of a wrong password, or, as MariaDB 11.8 and MySQL have it, one of its own.
      const reason = expect.stringMatching(/^(AuthenticationFailed|TLSFailed)$/);
      expect(outcome).toEqual({ reason });
      expect(await ask({})).toEqual({ success: { tls: true } });
    } finally {
      await folder.sql("SET GLOBAL require_secure_transport = OFF");
    }
  });

  test.each<[string, Outcome]>([
    ["", { success: { tls: true } }],
    ["?ssl-mode=DISABLED", { success: { tls: false } }],
    ["?sslMode=required", { success: { tls: true } }],
    ["?ssl-mode=VERIFY_IDENTITY", { reason: "TLSFailed" }],
    ["?ssl-mode=foo", { reason: "Misconfigured" }],
  ])("a connection string that ends in %j", async (parameters, expected) => {
    const { user, password } = APP;
    SECRETS["db/url"] =
      `mysql://${user}:${encodeURIComponent(password)}@localhost:${server.port}/orders${parameters}`;
    const connectionString = { secretName: "db", key: "url" };
    const dependency = { name: "db", type: "mysql", impact: "Gate" } as const;
    const check = (extra: Partial<MysqlConfig>) =>
      runCheck(
        mysql,
        { ...dependency, mysql: { connectionString, query: "SELECT 1", ...extra } },
        { readSecretKey },
      );
    expect(await check({})).toEqual(expected);
    // Two answers to one question, whatever they say.
    if (parameters.includes("ode=")) {
      expect(await check({ tls: { mode: "Prefer" } })).toEqual({ reason: "Misconfigured" });
    }
  });

  test("a stopped server accepts and is silent: CheckTimeout; then it works again", async () => {
    server.signal("SIGSTOP");
    try {
      expect(await ask({}, SHORT)).toEqual({ reason: "CheckTimeout" });
    } finally {
      server.signal("SIGCONT");
    }
    expect(await ask({})).toEqual({ success: { tls: true } });
  });

  test(
    "a server killed in the middle of an answer: ConnectionClosed",
    async () => {
      const outcome = ask({ query: "SELECT sleep(30)" }, LONG);
      const asleep = `SELECT count(*) ${inSessions} AND info LIKE '%sleep%'`;
      while ((await folder.sql(asleep)) === "0") await sleep(10);
      server.signal("SIGKILL");
      expect(await outcome).toEqual({ reason: "ConnectionClosed" });
      expect(await ask({})).toEqual({ reason: "ConnectionRefused" });
    },
    START_TIMEOUT,
  );
});

describe("real MariaDB without TLS", () => {
  let server: RealServer;
  beforeAll(async () => {
    server = await folder.start({
      "max-connections": "10",
      "extra-max-connections": "1",
      "read-only": "1",
    });
  }, START_TIMEOUT);
  afterAll(() => server?.stop());

  const ask = (config: Partial<MysqlConfig>) => run({ port: server.port, ...config });

  test.each<[TlsConfig, Outcome]>([
    [{ mode: "Disable" }, { success: { tls: false } }],
    [{ mode: "Prefer" }, { success: { tls: false } }],
    [{ mode: "Require" }, { reason: "TLSFailed" }],
    [VERIFY, { reason: "TLSFailed" }],
  ])("read-only, TLS %j: %j", async (tls, expected) => {
    expect(await ask({ tls })).toEqual(expected);
  });

  test("a function of others: AuthenticationFailed", async () => {
    await folder.sql("CREATE DATABASE others", "CREATE FUNCTION others.one() RETURNS INT RETURN 1");
    const outcome = await ask({ query: "SELECT others.one()" });
    expect(outcome).toEqual({ reason: "AuthenticationFailed" });
  });

  test(
    "no connection left at all: TooManyConnections; one given back: succeeds",
    async () => {
      // One that has not gone yet would take the place of one of these.
      const others = `SELECT count(*) FROM information_schema.processlist WHERE user NOT IN ('root', 'system user')`;
      while ((await folder.sql(others)) !== "0") await sleep(20);
      const early: Outcome[] = [];
      const held = Array.from({ length: 10 }, () => hold(server.port));
      for (const one of held) void one.then((outcome) => early.push(outcome));
      // The superuser has a place of his own, which whoever is refused takes for a moment.
      const sleeping = `SELECT id ${inSessions} AND info LIKE '%sleep%'`;
      let ids: string[] = [];
      while (ids.length < held.length) {
        expect(early).toEqual([]);
        await sleep(20);
        ids = (await folder.sql(sleeping).catch(() => "")).split("\n");
      }
      expect(await ask({})).toEqual({ reason: "TooManyConnections" });
      await folder.sql(...ids.map((id) => `KILL ${id}`));
      await Promise.all(held);
      expect(await ask({})).toEqual({ success: { tls: false } });
    },
    START_TIMEOUT,
  );
});
