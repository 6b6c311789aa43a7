import { afterAll, beforeAll, describe, expect, test } from "@jest/globals";
import pg from "pg";
import type {
  DependencyConfig,
  PostgresqlConfig,
  SecretKeyReference,
  TlsConfig,
} from "../../api/probe-config.ts";
import { createCertificates } from "./certificates.ts";
import { CheckError } from "./check.ts";
import {
  CHECK_TIMEOUT,
  describeContract,
  eventually,
  leavingNothing,
  runCheck,
} from "./contract.ts";
import {
  ASK_PASSWORD,
  answerStartup,
  fatal,
  isSslRequest,
  LOGGED_IN,
  message,
  servePostgresql,
} from "./fake-postgresql.ts";
import { startFakeServer, writeForEver } from "./fake-server.ts";
import { createPostgresql, postgresql } from "./postgresql.ts";
import { createDatabaseFolder, type DatabaseFolder, SUPERUSER } from "./real-postgresql.ts";
import type { RealServer } from "./real-server.ts";

/** A database is made and started in about 3 s; a busy machine takes longer. */
const START_TIMEOUT = 60_000;

const certificates = createCertificates();
const stranger = createCertificates();

const CREDENTIALS = { secretName: "db", usernameKey: "username", passwordKey: "password" };
const VERIFY: TlsConfig = { mode: "VerifyFull", caSecret: { secretName: "db", key: "ca" } };

const SECRETS: Record<string, string> = {
  "db/username": SUPERUSER.user,
  "db/password": `${SUPERUSER.password}\n`,
  "db/wrong": "no password",
  "db/empty": "",
  "db/ca": certificates.ca,
  "db/stranger": stranger.ca,
};

async function readSecretKey({ secretName, key }: SecretKeyReference): Promise<string> {
  const text = SECRETS[`${secretName}/${key}`];
  if (text === undefined) throw new CheckError("CredentialsMissing");
  return text;
}

function dependency(config: Partial<PostgresqlConfig>): DependencyConfig {
  const filled = { host: "127.0.0.1", credentials: CREDENTIALS, query: "SELECT 1", ...config };
  return { name: "orders-db", type: "postgresql", impact: "Gate", postgresql: filled };
}

const run = (config: Partial<PostgresqlConfig>, checkTimeout = 3_000) =>
  leavingNothing(() => runCheck(postgresql, dependency(config), { readSecretKey, checkTimeout }));

describeContract({
  create: createPostgresql,
  dependency: (endpoint) => dependency({ ...endpoint, tls: { mode: "Disable" } }),
  readSecretKey,
  serve: servePostgresql,
  answer: LOGGED_IN,
  repeatable: message("N", "SNOTICE\0C00000\0Mhello\0\0"),
  failure: (reason) => ({ reason }),
});

describe("fake servers", () => {
  async function against(
    onConnection: Parameters<typeof startFakeServer>[0],
    config: Partial<PostgresqlConfig> = {},
  ) {
    const fake = await startFakeServer(onConnection);
    try {
      const outcome = await run({ port: fake.port, ...config }, CHECK_TIMEOUT);
      expect(await eventually(fake.sawClose)).toBe(true);
      return outcome;
    } finally {
      await fake.close();
    }
  }

  test("Prefer goes on in clear on the same connection", async () => {
    expect(await against(servePostgresql)).toEqual({ success: { tls: false } });
  });

  test.each([
    ["57P03", "ServerStarting"],
    ["53300", "TooManyConnections"],
    ["28000", "AuthenticationFailed"],
    ["57P01", "ConnectionClosed"],
    ["XX000", "InvalidResponse"],
  ])("a login refused with %s: %s", async (state, reason) => {
    expect(await against(answerStartup(fatal(state)))).toEqual({ reason });
  });

  test("a password is asked for, but the Secret holds none: AuthenticationFailed", async () => {
    const credentials = { ...CREDENTIALS, passwordKey: "empty" };
    const outcome = await against(answerStartup(ASK_PASSWORD), { credentials });
    expect(outcome).toEqual({ reason: "AuthenticationFailed" });
  });

  test.each([
    ["Kerberos", message("R", Buffer.from([0, 0, 0, 7]))],
    [
      "SCRAM only with a method that no client has",
      message("R", Buffer.from([0, 0, 0, 10]), "X\0\0"),
    ],
  ])("the server asks for %s: AuthenticationFailed", async (_, request) => {
    expect(await against(answerStartup(request))).toEqual({ reason: "AuthenticationFailed" });
  });

  test.each([
    ["an error without its end", message("E", "SFATAL")],
    ["a row that was not asked for", message("D", Buffer.from([0, 1, 255, 255, 255, 0]))],
    ["an authentication message without a code", message("R")],
    ["a message longer than any check reads", Buffer.from([0x52, 0x7f, 255, 255, 255])],
  ])("the server sends %s: ProtocolError", async (_, bytes) => {
    expect(await against(answerStartup(bytes))).toEqual({ reason: "ProtocolError" });
  });

  test.each([
    ["silence", "CheckTimeout", () => {}],
    [
      "more than its one byte",
      "ProtocolError",
      (_: unknown, write: (b: Buffer) => void) =>
        write(Buffer.concat([Buffer.from("S"), LOGGED_IN])),
    ],
    [
      "an error",
      "ProtocolError",
      (_: unknown, write: (b: Buffer) => void) => write(fatal("57P03")),
    ],
    [
      "S, then silence",
      "CheckTimeout",
      (_: unknown, write: (b: Buffer) => void) => write(Buffer.from("S")),
    ],
  ])("the request for TLS is answered by %s: %s", async (_, reason, answer) => {
    const outcome = await against((socket) =>
      socket.once("data", (chunk) => answer(chunk, (bytes) => socket.write(bytes))),
    );
    expect(outcome).toEqual({ reason });
  });

  test.each([
    ["closes", "ConnectionClosed", "end"],
    ["resets", "ConnectionClosed", "resetAndDestroy"],
  ] as const)("after S the server %s: %s", async (_, reason, method) => {
    const outcome = await against((socket) => {
      socket.once("data", () => socket.write("S"));
      socket.on("data", (chunk) => isSslRequest(chunk) || socket[method]());
    });
    expect(outcome).toEqual({ reason });
  });

  test("after S the server never stops talking: not believed", async () => {
    const outcome = await against((socket) => {
      socket.once("data", () => socket.write("S"));
      socket.on("data", (chunk) => isSslRequest(chunk) || writeForEver(socket, LOGGED_IN));
    });
    expect(outcome).toEqual({ reason: "ProtocolError" });
  });

  test.each<TlsConfig>([{ mode: "Require" }, VERIFY])(
    "no TLS for $mode: TLSFailed",
    async (tls) => {
      expect(await against(servePostgresql, { tls })).toEqual({ reason: "TLSFailed" });
    },
  );
});

describe("configuration", () => {
  test.each<[string, Partial<PostgresqlConfig>, string]>([
    [
      "a CA that is no certificate",
      { tls: { ...VERIFY, caSecret: { secretName: "db", key: "wrong" } } },
      "Misconfigured",
    ],
    [
      "a user without a name",
      { credentials: { ...CREDENTIALS, usernameKey: "empty" } },
      "Misconfigured",
    ],
    [
      "a Secret key that is missing",
      { credentials: { ...CREDENTIALS, usernameKey: "none" } },
      "CredentialsMissing",
    ],
    ["a query with a NUL", { query: "SELECT 1\0" }, "Misconfigured"],
    ["a database with a NUL", { database: "a\0user\0b" }, "Misconfigured"],
    ["a metadata address", { host: "169.254.169.254" }, "Misconfigured"],
    ["a port out of range", { port: 0 }, "Misconfigured"],
  ])("%s", async (_, config, reason) => {
    expect(await run({ port: 1, ...config })).toEqual({ reason });
  });

  test("a Secret that cannot be read in time: CheckTimeout", async () => {
    const never = () => new Promise<string>(() => {});
    const outcome = runCheck(postgresql, dependency({}), { readSecretKey: never });
    expect(await outcome).toEqual({ reason: "CheckTimeout" });
  });
});

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
    admin = new pg.Client({
      ...SUPERUSER,
      host: "127.0.0.1",
      port: server.port,
      database: "postgres",
    });
    admin.on("error", () => {});
    await admin.connect();
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
    expect(await ask({ query: "SELECT pg_sleep(30)" }, 700)).toEqual({ reason: "CheckTimeout" });
    expect(await sessionsGone()).toBe(0);
  });

  test.each(["SELECT 1", "SELECT 1 FROM none"])("%s: the server is told goodbye", async (query) => {
    const before = server.log().length;
    for (const mode of ["Disable", "Require"] as const) await ask({ query, tls: { mode } });
    expect(await sessionsGone()).toBe(0);
    expect(server.log().slice(before)).not.toMatch(/EOF|reset by peer|lost/);
  });

  test.each([
    ["", { success: { tls: true } }],
    ["?sslmode=disable", { success: { tls: false } }],
    ["?sslmode=require\n", { success: { tls: true } }],
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
        { readSecretKey, checkTimeout: 3_000 },
      );
    expect(await check({})).toEqual(expected);
    // Two answers to one question, whatever they say.
    if (parameters.includes("sslmode")) {
      expect(await check({ tls: { mode: "Prefer" } })).toEqual({ reason: "Misconfigured" });
    }
  });

  test("a stopped server accepts and is silent: CheckTimeout; then it works again", async () => {
    server.signal("SIGSTOP");
    try {
      expect(await ask({}, CHECK_TIMEOUT)).toEqual({ reason: "CheckTimeout" });
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
    const open = async () => {
      const client = new pg.Client({
        ...SUPERUSER,
        host: "127.0.0.1",
        port: server.port,
        database: "postgres",
      });
      await client.connect();
      return client;
    };
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
