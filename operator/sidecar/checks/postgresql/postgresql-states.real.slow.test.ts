/** A real PostgreSQL that is up in another way than usual, or dies. */
import { setTimeout as sleep } from "node:timers/promises";
import { afterEach, beforeEach, expect, test } from "@jest/globals";
import type { TlsConfig } from "../../../api/policy-file.ts";
import { CREDENTIALS } from "../testing/database-secrets.ts";
import type { RealServer } from "../testing/real-server.ts";
import { openSession } from "./testing/open-session.ts";
import { run } from "./testing/postgresql-subject.ts";
import { createDatabaseFolder, type DatabaseFolder } from "./testing/real-postgresql.ts";

/** A database is made and started in about 3 s; a busy machine takes longer. */
const START_TIMEOUT = 60_000;
/** For a check in which the test does several things, in milliseconds. */
const LONG = 20_000;
const UP = { success: { tls: false } };
const STANDBY = "entering standby mode";
/** As when the folder was made; a standby with less does not start. */
const AS_THE_PRIMARY = { max_wal_senders: "10" };

let folder: DatabaseFolder;
let server: RealServer | undefined;
beforeEach(() => {
  folder = createDatabaseFolder();
}, START_TIMEOUT);
afterEach(async () => {
  await server?.stop();
  server = undefined;
  folder.remove();
});

async function start(...settings: Parameters<DatabaseFolder["start"]>) {
  server = await folder.start(...settings);
  const { port } = server;
  return { server, ask: (query = "SELECT 1") => run({ port, query }, LONG) };
}

test(
  "one that takes no writes: up",
  async () => {
    const { ask } = await start({ default_transaction_read_only: "on" });
    expect(await ask("SELECT 1 WHERE current_setting('transaction_read_only') = 'on'")).toEqual(UP);
  },
  START_TIMEOUT,
);

test(
  "a database that its owner closed to new sessions: AuthenticationFailed, as those of before go on",
  async () => {
    const { server, ask } = await start();
    const admin = await openSession(server.port);
    await admin.query("CREATE DATABASE closed ALLOW_CONNECTIONS false");
    await admin.end();
    const { port } = server;
    expect(await run({ port, database: "closed" }, LONG)).toEqual({
      reason: "AuthenticationFailed",
    });
    // To the query of a session the same code says that it fails.
    expect(await ask("SELECT lastval()")).toEqual({
      reason: "InvalidResponse",
    });
  },
  START_TIMEOUT,
);

test(
  "a library that new sessions are to load and that is not there: AuthenticationFailed, as those of before go on",
  async () => {
    const { server, ask } = await start();
    const before = await openSession(server.port);
    await before.query("ALTER DATABASE postgres SET session_preload_libraries = 'pgaudit_typo'");
    expect(await ask()).toEqual({ reason: "AuthenticationFailed" });
    expect((await before.query("SELECT 1")).rowCount).toBe(1);
    await before.query("ALTER DATABASE postgres RESET session_preload_libraries");
    await before.end();
    // To the query of a session the same error says that it fails.
    expect(await ask("LOAD 'pgaudit_typo'")).toEqual({ reason: "InvalidResponse" });
  },
  START_TIMEOUT,
);

test.each<TlsConfig["mode"]>(["Prefer", "Disable"])(
  "one that has no process for another session: TooManyConnections, as those of before go on: %s",
  async (mode) => {
    const { server } = await start();
    const { port } = server;
    const before = await openSession(port);
    server.limit("nproc=1");
    await expect(openSession(port)).rejects.toThrow();
    expect(server.log()).toContain("could not fork new process for connection");
    expect(await run({ port, tls: { mode } }, LONG)).toEqual({ reason: "TooManyConnections" });
    expect((await before.query("SELECT 1")).rowCount).toBe(1);
    await before.end();
  },
  START_TIMEOUT,
);

test(
  "a standby that takes queries: up",
  async () => {
    folder.makeStandby();
    const { ask } = await start(AS_THE_PRIMARY, undefined, "read-only connections");
    expect(await ask("SELECT 1 WHERE pg_is_in_recovery()")).toEqual(UP);
  },
  START_TIMEOUT,
);

test(
  "one that is still recovering: ServerStarting",
  async () => {
    folder.makeStandby();
    const { ask } = await start({ ...AS_THE_PRIMARY, hot_standby: "off" }, undefined, STANDBY);
    expect(await ask()).toEqual({ reason: "ServerStarting" });
  },
  START_TIMEOUT,
);

test(
  "one that is killed in the middle of an answer: ConnectionClosed, then ConnectionRefused",
  async () => {
    const { server, ask } = await start();
    const admin = await openSession(server.port);
    const outcome = ask("SELECT pg_sleep(30)");
    const asleep =
      "SELECT 1 FROM pg_stat_activity WHERE application_name = 'healthpolicy' AND query LIKE '%pg_sleep(30)%'";
    while ((await admin.query(asleep)).rowCount === 0) await sleep(10);
    server.signal("SIGKILL");
    expect(await outcome).toEqual({ reason: "ConnectionClosed" });
    expect(await ask()).toEqual({ reason: "ConnectionRefused" });
  },
  START_TIMEOUT,
);

test(
  "one that keeps refused logins waiting: AuthenticationFailed, or CheckTimeout where the check ends before",
  async () => {
    const delay = { shared_preload_libraries: "auth_delay", "auth_delay.milliseconds": "1000" };
    const { port } = (await start(delay)).server;
    const wrong = { port, credentials: { ...CREDENTIALS, passwordKey: "wrong" } };
    expect(await run(wrong, LONG)).toEqual({ reason: "AuthenticationFailed" });
    expect(await run(wrong, 500)).toEqual({ reason: "CheckTimeout" });
  },
  START_TIMEOUT,
);
