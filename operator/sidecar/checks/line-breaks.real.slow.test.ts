/** Users and passwords that end in a line break, in the Secret alone or on the server too, as loops of checks ask. */
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { afterAll, beforeAll, beforeEach, describe, expect, jest, test } from "@jest/globals";
import { secretKeyPath } from "../../api/names.ts";
import type { DependencyConfig } from "../../api/policy-file.ts";
import { TIMING as BUILT_IN } from "../../api/testing/timing.ts";
import { createSecretReader } from "../read-secret-key.ts";
import { runChecks } from "../run-checks.ts";
import { dependency as ofMysql } from "./mysql/testing/mysql-subject.ts";
import * as mariadb from "./mysql/testing/real-mariadb.ts";
import { openSession } from "./postgresql/testing/open-session.ts";
import { dependency as ofPostgresql } from "./postgresql/testing/postgresql-subject.ts";
import { createDatabaseFolder } from "./postgresql/testing/real-postgresql.ts";
import { createRedisFolder, say } from "./redis/testing/real-redis.ts";
import { dependency as ofRedis } from "./redis/testing/redis-subject.ts";
import { loadCheck } from "./registry.ts";
import { CREDENTIALS } from "./testing/database-secrets.ts";

// Some rounds of checks each, of which a busy machine makes seconds.
jest.setTimeout(30_000);

/** Three servers, of which MariaDB is made and started in about 6 s; a busy machine takes longer. */
const START_TIMEOUT = 120_000;
/** Short, so that a test has its checks soon. */
const TIMING = { ...BUILT_IN, intervalMilliseconds: 100 };
const CHECKS = 4;

const UP = "up";
const REFUSED = "AuthenticationFailed";
const REFUSED_AND_SAID = `${REFUSED} a value in the Secret ends in a line break`;

let mounted: string;
beforeEach(() => {
  mounted = mkdtempSync(join(tmpdir(), "healthpolicy-line-breaks-"));
});

/** What the first checks of the dependency come to, when its Secret holds this login. */
async function outcomes(
  dependency: DependencyConfig,
  login: { username: string; password: string },
): Promise<string[]> {
  for (const [key, text] of Object.entries(login)) {
    const path = join(mounted, secretKeyPath("db", key));
    mkdirSync(dirname(path), { recursive: true });
    writeFileSync(path, text);
  }
  const readSecretKey = createSecretReader({
    directory: mounted,
    mountedKeys: new Set(["db/username", "db/password"]),
    log: () => {},
  });
  const came: string[] = [];
  await new Promise<void>((resolve) => {
    const runner = runChecks({
      loadCheck,
      readSecretKey,
      onResult: (_, result) => {
        came.push(result.ok ? UP : [result.reason, result.detail].join(" ").trim());
        if (came.length < CHECKS) return;
        runner.stop();
        resolve();
      },
      mayWait: () => false,
      decidesNext: () => false,
    });
    runner.apply({
      policy: "web",
      generation: 1,
      mode: "Enforce",
      timing: TIMING,
      dependencies: [dependency],
    });
  });
  rmSync(mounted, { recursive: true });
  return came;
}

/** A server with USERS. */
interface Subject {
  dependency: DependencyConfig;
  /** One that `mute` has no right to ask for. */
  forbidden: DependencyConfig;
  /** How many logins it has refused so far. */
  refusals(): Promise<number>;
  stop(): Promise<void>;
}

/** Names and passwords. */
const USERS = {
  plain: "hunter2",
  mute: "hunter2",
  feed: "hunter2\n",
  windows: "hunter2\r\n",
  "both\n": "hunter2\n",
};

async function startPostgresql(): Promise<Subject> {
  const folder = createDatabaseFolder();
  const server = await folder.start();
  const admin = await openSession(server.port);
  for (const [user, password] of Object.entries(USERS)) {
    const name = admin.escapeIdentifier(user);
    await admin.query(`CREATE ROLE ${name} LOGIN PASSWORD ${admin.escapeLiteral(password)}`);
  }
  const config = { port: server.port, database: "postgres", credentials: CREDENTIALS };
  let counts = 0;
  return {
    dependency: ofPostgresql(config),
    forbidden: ofPostgresql({ ...config, query: "SELECT 1 FROM pg_authid" }),
    async refusals() {
      // What stands in its log before this has come through the pipe once this has.
      counts += 1;
      await admin.query(`DO $$ BEGIN RAISE LOG 'count %', ${counts}; END $$`);
      while (!server.log().includes(`LOG:  count ${counts}\n`)) await sleep(20);
      return server.log().split("password authentication failed").length - 1;
    },
    async stop() {
      await admin.end();
      await server.stop();
      folder.remove();
    },
  };
}

async function startMariadb(): Promise<Subject> {
  const folder = mariadb.createDatabaseFolder();
  const server = await folder.start();
  const quoted = (text: string) => JSON.stringify(text).replaceAll('"', "'");
  for (const [user, password] of Object.entries(USERS)) {
    await folder.sql(`CREATE USER ${quoted(user)}@'%' IDENTIFIED BY ${quoted(password)}`);
  }
  const config = { port: server.port, credentials: CREDENTIALS };
  return {
    dependency: ofMysql(config),
    forbidden: ofMysql({ ...config, query: "SELECT 1 FROM mysql.user" }),
    async refusals() {
      // It counts somebody before it takes him from this list, and after he has been told.
      const others = "information_schema.processlist WHERE user NOT IN ('root', 'system user')";
      while ((await folder.sql(`SELECT count(*) FROM ${others}`)) !== "0") await sleep(20);
      const status = await folder.sql("SHOW GLOBAL STATUS LIKE 'Aborted_connects'");
      return Number(status.split("\t")[1]);
    },
    async stop() {
      await server.stop();
      folder.remove();
    },
  };
}

async function startRedis(): Promise<Subject> {
  const folder = createRedisFolder();
  const { "both\n": _, ...users } = USERS;
  const rules = Object.entries(users).map(([name, password]) => [
    ...["--user", name, "on", `>${password}`, name === "mute" ? "+get" : "+ping"],
  ]);
  const server = await folder.start([
    "--user",
    "default",
    "on",
    "nopass",
    "+info",
    ...rules.flat(),
  ]);
  return {
    dependency: ofRedis({ port: server.port, credentials: CREDENTIALS }),
    forbidden: ofRedis({ port: server.port, credentials: CREDENTIALS }),
    async refusals() {
      const info = await say(server, "INFO commandstats");
      return Number(/cmdstat_auth:.*,failed_calls=(\d+)/.exec(info)?.[1] ?? 0);
    },
    async stop() {
      await server.stop();
      folder.remove();
    },
  };
}

describe.each([
  ["PostgreSQL", startPostgresql],
  ["MariaDB", startMariadb],
  ["Redis", startRedis],
])("%s", (type, start) => {
  let subject: Subject;
  beforeAll(async () => {
    subject = await start();
  }, START_TIMEOUT);
  afterAll(() => subject?.stop());

  const ask = async (username: string, password: string) => {
    const before = await subject.refusals();
    const came = await outcomes(subject.dependency, { username, password });
    return { came, refusals: (await subject.refusals()) - before };
  };

  // No name of a user has white space in Redis.
  test.each(["feed", "windows", ...(type === "Redis" ? [] : ["both\n"])] as (keyof typeof USERS)[])(
    "one that the server has too, of %j: up from the second check on",
    async (user) => {
      const came = [REFUSED_AND_SAID, UP, UP, UP];
      expect(await ask(user, USERS[user])).toEqual({ came, refusals: 1 });
    },
  );

  test("one of the Secret alone: up from the first check on", async () => {
    expect(await ask("plain", "hunter2\n")).toEqual({ came: [UP, UP, UP, UP], refusals: 0 });
  });

  test("a wrong password: refused once a check, and said of one with a line break", async () => {
    const refusals = CHECKS;
    const plain = await ask("plain", "guess");
    expect(plain).toEqual({ came: Array(CHECKS).fill(REFUSED), refusals });
    const broken = await ask("plain", "guess\n");
    expect(broken).toEqual({ came: Array(CHECKS).fill(REFUSED_AND_SAID), refusals });
  });

  test("a right that is missing after the login says nothing of a line break", async () => {
    const before = await subject.refusals();
    const login = { username: "mute", password: "hunter2\n" };
    const came = await outcomes(subject.forbidden, login);
    expect(came).toEqual(Array(CHECKS).fill(REFUSED));
    expect(await subject.refusals()).toBe(before);
  });
});
