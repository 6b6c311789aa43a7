/**
 * A server counts clients that hang up in the middle of a login, and after max_connect_errors of them takes no
 * connection from their host: no check may count, whatever it comes to.
 */
import { connect, createServer } from "node:net";
import { afterAll, beforeAll, expect, jest, test } from "@jest/globals";
import type { MysqlConfig } from "../../../api/policy-file.ts";
import { type Outcome, runCheck } from "../testing/contract.ts";
import { CREDENTIALS, VERIFY } from "../testing/database-secrets.ts";
import { type FakeServer, trackServer } from "../testing/fake-server.ts";
import type { RealServer } from "../testing/real-server.ts";
import { slowDown } from "../tls/testing/slow-down.ts";
import { mysql } from "./mysql.ts";
import { CAPABILITIES } from "./mysql-greeting.ts";
import { certificates, dependency, readSecretKey, SECRETS } from "./testing/mysql-subject.ts";
import { createDatabaseFolder, type DatabaseFolder } from "./testing/real-mariadb.ts";

const START_TIMEOUT = 90_000;
const CHECKS_TIMEOUT = 120_000;
/** MariaDB's default. */
const MAX_CONNECT_ERRORS = 100;
const MANY = 2 * MAX_CONNECT_ERRORS;
/** Each one that counted would be seen. */
const FEW = 5;

/** The server does not count 127.0.0.1. */
const COUNTED_ADDRESS = "127.0.0.2";

let folder: DatabaseFolder;
let server: RealServer;
let relay: FakeServer;

beforeAll(async () => {
  folder = createDatabaseFolder();
  server = await folder.start(
    {
      "performance-schema": "1",
      "max-connect-errors": String(MAX_CONNECT_ERRORS),
      "plugin-load-add": "auth_ed25519",
    },
    certificates.server("localhost"),
  );
  relay = await startRelay(server.port);
  const password = `USING PASSWORD('${SECRETS["db/password"]}')`;
  await folder.sql(
    "CREATE USER ed@'%' IDENTIFIED VIA ed25519 USING PASSWORD('p')",
    `CREATE USER several@'%' IDENTIFIED VIA ed25519 ${password} OR mysql_native_password ${password}`,
  );
  for (const user of ["ed", "several"]) SECRETS[`db/${user}`] = user;
}, START_TIMEOUT);
afterAll(async () => {
  await relay?.close();
  await server?.stop();
  folder?.remove();
});

/** Passes connections on as if they came from COUNTED_ADDRESS. */
function startRelay(port: number, change = (greeting: Buffer) => greeting): Promise<FakeServer> {
  return trackServer(createServer({ allowHalfOpen: true }), (socket) => {
    const behind = connect({ port, host: "127.0.0.1", localAddress: COUNTED_ADDRESS });
    behind.on("error", () => socket.destroy());
    socket.on("close", () => behind.destroy());
    socket.pipe(behind);
    behind.once("data", (greeting) => {
      socket.write(change(greeting));
      behind.pipe(socket);
    });
  });
}

/** The greeting of the same server, with TLS turned off in it. */
function withoutTls(greeting: Buffer): Buffer {
  const changed = Buffer.from(greeting);
  const capabilities = changed.indexOf(0, 5) + 1 + 13;
  changed.writeUInt16LE(changed.readUInt16LE(capabilities) & ~CAPABILITIES.tls, capabilities);
  return changed;
}

const counted = () =>
  folder.sql(
    `SELECT sum_connect_errors FROM performance_schema.host_cache WHERE ip = '${COUNTED_ADDRESS}'`,
  );

const check = (config: Partial<MysqlConfig>) =>
  runCheck(mysql, dependency({ host: "localhost", port: relay.port, ...config }), {
    readSecretKey,
  });

/** What a check comes to whose handshake the kernel counted: it counts in steps, and a short one may fall between. */
async function untilTooCostly(port: number): Promise<Outcome> {
  for (let tries = 1; tries < MANY; tries += 1) {
    const outcome = await check({ port });
    if ("reason" in outcome) return outcome;
  }
  return check({ port });
}

test("a client that hangs up after the greeting counts: this test can fail", async () => {
  await folder.sql("FLUSH HOSTS");
  await new Promise((resolve) => {
    const socket = connect(relay.port, "127.0.0.1");
    socket.once("data", () => socket.destroy()).once("close", resolve);
  });
  for (let tries = 0; tries < 50 && (await counted()) !== "1"; tries += 1) {
    await new Promise((resolve) => setTimeout(resolve, 20));
  }
  expect(await counted()).toBe("1");
});

const KINDS: [name: string, checks: number, config: Partial<MysqlConfig>, expected: Outcome][] = [
  ["succeed", MANY, {}, { success: { tls: true } }],
  ["succeed in clear", FEW, { tls: { mode: "Disable" } }, { success: { tls: false } }],
  [
    "have a wrong password",
    FEW,
    { credentials: { ...CREDENTIALS, passwordKey: "wrong" } },
    { reason: "AuthenticationFailed" },
  ],
  [
    "do not trust the certificate",
    FEW,
    { tls: { ...VERIFY, caSecret: { secretName: "db", key: "stranger" } } },
    { reason: "TLSFailed" },
  ],
  ["expect another name", FEW, { host: "127.0.0.1", tls: VERIFY }, { reason: "TLSFailed" }],
  [
    "expect another name for a database",
    FEW,
    { host: "127.0.0.1", database: "orders", tls: VERIFY },
    { reason: "TLSFailed" },
  ],
  [
    "have an account of ed25519",
    FEW,
    { credentials: { ...CREDENTIALS, usernameKey: "ed" } },
    { reason: "AuthenticationFailed" },
  ],
  [
    "have an account of ed25519 or a password",
    FEW,
    { credentials: { ...CREDENTIALS, usernameKey: "several" } },
    { success: { tls: true } },
  ],
  [
    "have a wrong password for such an account",
    FEW,
    { credentials: { ...CREDENTIALS, usernameKey: "several", passwordKey: "wrong" } },
    { reason: "AuthenticationFailed" },
  ],
  ["ask a query that fails", FEW, { query: "SELECT none" }, { reason: "InvalidResponse" }],
];

test.each(KINDS)(
  "checks that %s, %d in a row: none counts",
  async (_, checks, config, expected) => {
    await folder.sql("FLUSH HOSTS");
    for (let done = 0; done < checks; done += 1) {
      expect(await check(config)).toEqual(expected);
    }
    // No entry at all where nothing ever went wrong.
    expect(await counted()).toMatch(/^0?$/);
  },
  CHECKS_TIMEOUT,
);

test("a server whose handshakes cost too much for another one now: none counts", async () => {
  const costly = await startRelay(server.port);
  try {
    slowDown(1_000);
    expect(await untilTooCostly(costly.port)).toEqual({ reason: "TLSFailed" });
    jest.restoreAllMocks();
    // That one had to be broken off.
    await folder.sql("FLUSH HOSTS");
    for (let done = 0; done < FEW; done += 1) {
      expect(await check({ port: costly.port })).toEqual({ reason: "TLSFailed" });
    }
    expect(await counted()).toMatch(/^0?$/);
  } finally {
    jest.restoreAllMocks();
    await costly.close();
  }
});

test("a server without TLS that must have it: none counts", async () => {
  await folder.sql("FLUSH HOSTS");
  const plain = await startRelay(server.port, withoutTls);
  try {
    const config = { port: plain.port, tls: { mode: "Require" } } as const;
    for (let done = 0; done < FEW; done += 1) {
      expect(await check(config)).toEqual({ reason: "TLSFailed" });
    }
    expect(await counted()).toMatch(/^0?$/);
  } finally {
    await plain.close();
  }
});
