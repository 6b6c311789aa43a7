import type { Socket } from "node:net";
import { describe, expect, test } from "@jest/globals";
import type { PostgresqlConfig, TlsConfig } from "../../../api/policy-file.ts";
import { describeContract, eventually, PATIENT, runCheck, SHORT } from "../testing/contract.ts";
import { CREDENTIALS, VERIFY } from "../testing/database-secrets.ts";
import { startFakeServer, writeForEver } from "../testing/fake-server.ts";
import { createPostgresql, postgresql } from "./postgresql.ts";
import {
  ASK_PASSWORD,
  answerStartup,
  fatal,
  int32,
  isSslRequest,
  LOGGED_IN,
  message,
  refuseHandshake,
  servePostgresql,
} from "./testing/fake-postgresql.ts";
import { dependency, readSecretKey, run } from "./testing/postgresql-subject.ts";

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
    checkTimeout?: number,
  ) {
    const fake = await startFakeServer(onConnection);
    try {
      const outcome = await run({ port: fake.port, ...config }, checkTimeout);
      expect(await eventually(fake.sawClose)).toBe(true);
      return outcome;
    } finally {
      await fake.close();
    }
  }

  test("Prefer goes on in clear on the same connection", async () => {
    expect(await against(servePostgresql)).toEqual({ success: { tls: false } });
  });

  test("Disable asks for no TLS", async () => {
    const tls: TlsConfig = { mode: "Disable" };
    expect(await against(servePostgresql, { tls })).toEqual({ success: { tls: false } });
  });

  test("a query that gives no row: InvalidResponse", async () => {
    const nothing = Buffer.concat([LOGGED_IN, message("C", "SELECT 0\0"), message("Z", "I")]);
    expect(await against(answerStartup(nothing))).toEqual({ reason: "InvalidResponse" });
  });

  test("the server is given the time that is left", async () => {
    let said = "";
    await against((socket) => {
      socket.on("data", (chunk) => {
        said += chunk.toString("latin1");
      });
      servePostgresql(socket);
    });
    const [, limit] = /SET LOCAL statement_timeout = (\d+); SELECT 1/.exec(said) ?? [];
    expect(Number(limit)).toBeLessThanOrEqual(PATIENT);
    expect(Number(limit)).toBeGreaterThan(PATIENT - 2_000);
  });

  test.each([
    ["57P03", "ServerStarting"],
    ["53000", "TooManyConnections"],
    ["53200", "TooManyConnections"],
    ["53300", "TooManyConnections"],
    ["53400", "TooManyConnections"],
    ["08P01", "ProtocolError"],
    ["28000", "AuthenticationFailed"],
    ["57P01", "ConnectionClosed"],
    ["XX000", "InvalidResponse"],
  ])("a login refused with %s: %s", async (state, reason) => {
    expect(await against(answerStartup(fatal(state)))).toEqual({ reason });
  });

  const POOLER_IS_FULL = "no more connections allowed (max_client_conn)";
  const OF_THE_SERVER = 'password authentication failed for user "orders"';
  const cached = (text: string) =>
    `server login has been failing, cached error: ${text} (server_login_retry)`;
  /** With PgBouncer's own SQLSTATE. */
  const refused = (text: string) => fatal("08P01", text);
  const afterQuery = (answer: Buffer) => (socket: Socket) =>
    socket.on("data", (chunk) => {
      if (isSslRequest(chunk)) socket.write("N");
      else socket.write(chunk[0] === 0 ? LOGGED_IN : answer);
    });

  test.each<[string, Buffer, string]>([
    ["without a place", refused(POOLER_IS_FULL), "TooManyConnections"],
    [
      "a wrong password",
      Buffer.concat([ASK_PASSWORD, refused("password authentication failed")]),
      "AuthenticationFailed",
    ],
    [
      "the server behind it refuses its password",
      Buffer.concat([ASK_PASSWORD, refused(OF_THE_SERVER)]),
      "AuthenticationFailed",
    ],
    ["the same, remembered", refused(cached(OF_THE_SERVER)), "AuthenticationFailed"],
    ["TLS alone", refused("SSL required"), "TLSFailed"],
    [
      "an error that ends nothing",
      message("E", `SERROR\0C08P01\0M${POOLER_IS_FULL}\0\0`),
      "ProtocolError",
    ],
    ["another SQLSTATE", fatal("XX000", POOLER_IS_FULL), "InvalidResponse"],
    [
      "its text after the login",
      Buffer.concat([LOGGED_IN, refused(POOLER_IS_FULL)]),
      "ProtocolError",
    ],
  ])("PgBouncer, %s", async (_, answer, reason) => {
    expect(await against(answerStartup(answer))).toEqual({ reason });
  });

  test.each([
    [cached(OF_THE_SERVER), "AuthenticationFailed"],
    [cached("sorry, too many clients already"), "TooManyConnections"],
    [cached("connect failed"), "ProtocolError"],
    [OF_THE_SERVER, "ProtocolError"],
  ])("PgBouncer lets in, and says at the query: %s", async (text, reason) => {
    expect(await against(afterQuery(refused(text)))).toEqual({ reason });
  });

  const PASSWORD_IS_RIGHT = message("R", int32(0));

  test.each<[string, Buffer, string]>([
    [
      "Pgpool-II, a wrong password",
      Buffer.concat([ASK_PASSWORD, message("E", "SERROR\0CXX000\0Mauthentication failed\0\0")]),
      "AuthenticationFailed",
    ],
    [
      "Pgpool-II, the same text after the password was right",
      Buffer.concat([ASK_PASSWORD, PASSWORD_IS_RIGHT, fatal("XX000", "authentication failed")]),
      "InvalidResponse",
    ],
    [
      "Supavisor, full: said once the password was right",
      Buffer.concat([ASK_PASSWORD, PASSWORD_IS_RIGHT, fatal("XX000", "(EMAXCONN) max")]),
      "TooManyConnections",
    ],
    [
      "Supavisor, the database behind it is down",
      fatal("XX000", "(ECIRCUITBREAKER) Unable to establish connection to upstream database"),
      "InvalidResponse",
    ],
    [
      "CockroachDB Cloud, too many wrong passwords",
      fatal("08C00", "codeProxyRefusedConnection: too many failed authentication attempts"),
      "AuthenticationFailed",
    ],
    [
      "CockroachDB Cloud, the database behind it is down",
      fatal("08C00", "codeBackendDialFailed: unable to reach backend SQL server"),
      "InvalidResponse",
    ],
  ])("%s", async (_, answer, reason) => {
    expect(await against(answerStartup(answer))).toEqual({ reason });
  });

  test("Supavisor's words at the query: InvalidResponse", async () => {
    const outcome = await against(afterQuery(fatal("XX000", "(EMAXCONN) max")));
    expect(outcome).toEqual({ reason: "InvalidResponse" });
  });

  test("the server shuts down in the moment of the login: ConnectionClosed", async () => {
    const bytes = Buffer.concat([LOGGED_IN, fatal("57P01")]);
    expect(await against(answerStartup(bytes))).toEqual({ reason: "ConnectionClosed" });
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

  test.each<[string, string, Buffer, number]>([
    ["silence", "CheckTimeout", Buffer.alloc(0), SHORT],
    ["S, then silence", "CheckTimeout", Buffer.from("S"), SHORT],
    ["S and more", "ProtocolError", Buffer.concat([Buffer.from("S"), LOGGED_IN]), PATIENT],
    ["an error", "ProtocolError", fatal("57P03"), PATIENT],
    ["too many clients", "TooManyConnections", fatal("53300"), PATIENT],
  ])("the request for TLS is answered by %s: %s", async (_, reason, answer, checkTimeout) => {
    const serve = (socket: Socket) => socket.once("data", () => socket.write(answer));
    expect(await against(serve, {}, checkTimeout)).toEqual({ reason });
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

  test.each([
    ["refuses", "P0001", "Wfunction init_session() line 4 at RAISE\0", "AuthenticationFailed"],
    ["has lost its table", "42P01", "Wfunction init_session()\0", "AuthenticationFailed"],
    ["is none: the server's own error", "42P01", "", "InvalidResponse"],
    ["meets a full disk, as the server does", "53100", "Wwriting block 3\0", "InvalidResponse"],
    ["meets a disk that fails", "58030", "Wwriting block 3\0", "InvalidResponse"],
    ["meets broken data", "XX001", "Wwriting block 3\0", "InvalidResponse"],
    ["is ended by the administrator", "57P01", "Wfunction init_session()\0", "ConnectionClosed"],
  ])(
    "a login that an event trigger of the database ends, which %s",
    async (_, code, context, reason) => {
      const error = message("E", `SFATAL\0C${code}\0Mno\0${context}Fpl_exec.c\0\0`);
      const outcome = await against(answerStartup(Buffer.concat([message("R", int32(0)), error])));
      expect(outcome).toEqual({ reason });
    },
  );

  test("a login that is refused in clear is not made again", async () => {
    let connections = 0;
    const refuse = answerStartup(fatal("28000"));
    const outcome = await against((socket) => {
      connections += 1;
      refuse(socket);
    });
    expect({ ...outcome, connections }).toEqual({ reason: "AuthenticationFailed", connections: 1 });
  });

  test.each<[string, TlsConfig, (socket: Socket) => void]>([
    ["Require", { mode: "Require" }, servePostgresql],
    ["VerifyFull", VERIFY, servePostgresql],
    ["Prefer, full in clear", { mode: "Prefer" }, answerStartup(fatal("53300"))],
    ["Prefer, silent in clear", { mode: "Prefer" }, () => {}],
  ])("a handshake that fails, %s: TLSFailed", async (_, tls, inClear) => {
    const outcome = await against(refuseHandshake(inClear), { tls }, SHORT);
    expect(outcome).toEqual({ reason: "TLSFailed" });
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
    const outcome = runCheck(postgresql, dependency({}), {
      readSecretKey: never,
      checkTimeout: SHORT,
    });
    expect(await outcome).toEqual({ reason: "CheckTimeout" });
  });
});
