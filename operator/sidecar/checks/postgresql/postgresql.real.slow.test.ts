import { afterAll, beforeAll, describe, expect, test } from "@jest/globals";
import type pg from "pg";
import type { PostgresqlConfig, TlsConfig } from "../../../api/policy-file.ts";
import { runCheck, SHORT } from "../testing/contract.ts";
import { CREDENTIALS, VERIFY } from "../testing/database-secrets.ts";
import type { RealServer } from "../testing/real-server.ts";
import { postgresql } from "./postgresql.ts";
import { openSession } from "./testing/open-session.ts";
import { certificates, readSecretKey, run, SECRETS } from "./testing/postgresql-subject.ts";
import { createDatabaseFolder, type DatabaseFolder, SUPERUSER } from "./testing/real-postgresql.ts";

/** A database is made and started in about 3 s; a busy machine takes longer. */
const START_TIMEOUT = 60_000;

/** Checks one after the other; without TERMINATE the server counts each of them as abandoned. */
const GOODBYES = 20;

let folder: DatabaseFolder;
beforeAll(() => {
  folder = createDatabaseFolder();
}, START_TIMEOUT);
afterAll(() => folder?.remove());

describe("real PostgreSQL with TLS", () => {
  let server: RealServer;
  let admin: pg.Client;
  beforeAll(async () => {
    server = await folder.start(
      { ssl_min_protocol_version: "TLSv1.2" },
      certificates.server("localhost"),
    );
    admin = await openSession(server.port);
  }, START_TIMEOUT);
  afterAll(async () => {
    await admin?.end();
    await server?.stop();
  });

  const ask = (config: Partial<PostgresqlConfig>, checkTimeout?: number) =>
    run({ host: "localhost", port: server.port, ...config }, checkTimeout);

  async function sessions(): Promise<number> {
    const text = "SELECT 1 FROM pg_stat_activity WHERE application_name = 'healthpolicy'";
    return (await admin.query(text)).rowCount ?? 0;
  }

  async function sessionsGone(): Promise<number> {
    for (let tries = 0; tries < 50 && (await sessions()) > 0; tries += 1) {
      await new Promise((resolve) => setTimeout(resolve, 20));
    }
    return sessions();
  }

  /** Sessions of checks that are over, and how many of them the server calls abandoned: it saw no goodbye. */
  async function ended(): Promise<{ sessions: number; abandoned: number }> {
    const counts = "sessions, sessions_abandoned AS abandoned";
    const text = `SELECT ${counts} FROM pg_stat_database WHERE datname = 'postgres'`;
    const { sessions = 0, abandoned = 0 } = (await admin.query(text)).rows[0] ?? {};
    return { sessions: Number(sessions), abandoned: Number(abandoned) };
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

  test.each<[string, Partial<PostgresqlConfig>, string]>([
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
    ["a missing database", { database: "none" }, "Misconfigured"],
    ["a query without rows", { query: "SELECT 1 WHERE false" }, "InvalidResponse"],
    ["a query that fails", { query: "SELECT 1 FROM none" }, "InvalidResponse"],
    ["a query that is no SQL", { query: "hello" }, "InvalidResponse"],
    [
      "a result over 64 KiB",
      { query: "SELECT repeat('x', 1000) FROM generate_series(1, 100)" },
      "ProtocolError",
    ],
    ["a COPY", { query: "COPY (SELECT 1) TO STDOUT" }, "ProtocolError"],
  ])("%s: fails", async (_, config, reason) => {
    expect(await ask(config)).toEqual({ reason });
  });

  test.each([
    "SELECT 1 -- a comment at the end",
    "BEGIN; SELECT 1; COMMIT",
    "SELECT NULL::int",
    "TABLE pg_database;",
  ])("the query %j succeeds", async (query) => {
    expect(await ask({ query })).toEqual({ success: { tls: true } });
  });

  test("a query past the deadline: CheckTimeout, and no session stays behind", async () => {
    expect(await ask({ query: "SELECT pg_sleep(30)" }, SHORT)).toEqual({ reason: "CheckTimeout" });
    expect(await sessionsGone()).toBe(0);
  });

  test.each([
    ["Disable", "SELECT 1"],
    ["Require", "SELECT 1"],
    ["Require", "SELECT 1 FROM none"],
  ] as const)("TLS %s, %s: the server is told goodbye, each time", async (mode, query) => {
    const before = await ended();
    for (let check = 0; check < GOODBYES; check += 1) await ask({ query, tls: { mode } });
    expect(await sessionsGone()).toBe(0);
    const after = await ended();
    expect(after.sessions - before.sessions).toBe(GOODBYES);
    expect(after.abandoned).toBe(before.abandoned);
  });

  test.each([
    ["", { success: { tls: true } }],
    ["?sslmode=disable", { success: { tls: false } }],
    ["?sslmode=require", { success: { tls: true } }],
    ["?sslmode=verify-full", { reason: "TLSFailed" }],
    ["?sslmode=foo", { reason: "Misconfigured" }],
  ])("a connection string that ends in %j", async (parameters, expected) => {
    const { user, password } = SUPERUSER;
    const url = `postgresql://${user}:${encodeURIComponent(password)}@localhost:${server.port}/postgres${parameters}`;
    SECRETS["db/url"] = url;
    const connectionString = { secretName: "db", key: "url" };
    const config = { name: "db", type: "postgresql", impact: "Gate" } as const;
    const check = (extra: Partial<PostgresqlConfig>) =>
      runCheck(
        postgresql,
        { ...config, postgresql: { connectionString, query: "SELECT 1", ...extra } },
        { readSecretKey },
      );
    expect(await check({})).toEqual(expected);
    // The TLS mode is then given twice, in URL and policy.
    if (parameters.includes("sslmode")) {
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
});

describe("real PostgreSQL without TLS", () => {
  let server: RealServer;
  beforeAll(async () => {
    server = await folder.start({ max_connections: "3", superuser_reserved_connections: "0" });
  }, START_TIMEOUT);
  afterAll(async () => {
    await server?.stop();
  });

  const ask = (config: Partial<PostgresqlConfig>) => run({ port: server.port, ...config });

  test.each<[TlsConfig, object]>([
    [{ mode: "Disable" }, { success: { tls: false } }],
    [{ mode: "Prefer" }, { success: { tls: false } }],
    [{ mode: "Require" }, { reason: "TLSFailed" }],
    [VERIFY, { reason: "TLSFailed" }],
  ])("TLS %j: %j", async (tls, expected) => {
    expect(await ask({ tls })).toEqual(expected);
  });

  test("no connection left: TooManyConnections; one given back: succeeds", async () => {
    const open = () => openSession(server.port);
    const [first, ...others] = [await open(), await open(), await open()];
    expect(await ask({})).toEqual({ reason: "TooManyConnections" });
    await first?.end();
    for (let tries = 0; tries < 20; tries += 1) {
      if ("success" in (await ask({}))) break;
    }
    expect(await ask({})).toEqual({ success: { tls: false } });
    await Promise.all(others.map((client) => client.end()));
  });

  test("the server goes away: ConnectionRefused", async () => {
    await server.stop();
    expect(await ask({})).toEqual({ reason: "ConnectionRefused" });
  });
});
