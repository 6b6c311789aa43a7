import { describe, expect, test } from "@jest/globals";
import { reasonOfRefusal as reasonIn, reasonOfCachedRefusal } from "./pooler-refusals.ts";

const refusal = (text?: string, code = "08P01") => ({ severity: "FATAL", code, text });
const reasonOfRefusal = (error: unknown) => reasonIn(error, "AuthenticationOk");
const reasonAfterPassword = (error: unknown) => reasonIn(error, "ReadyForQuery");
const cached = (text: string) =>
  refusal(`server login has been failing, cached error: ${text} (server_login_retry)`);

test.each([
  ["password authentication failed", "AuthenticationFailed"],
  ["SASL authentication failed", "AuthenticationFailed"],
  ["PAM authentication failed", "AuthenticationFailed"],
  ["LDAP authentication failed", "AuthenticationFailed"],
  ["certificate authentication failed", "AuthenticationFailed"],
  ['"trust" authentication failed', "AuthenticationFailed"],
  ["no such user", "AuthenticationFailed"],
  ["login rejected", "AuthenticationFailed"],
  ["no authentication method is found", "AuthenticationFailed"],
  ["no more connections allowed (max_client_conn)", "TooManyConnections"],
  ["client connections exceeded (max_db_client_connections)", "TooManyConnections"],
  ["client connections exceeded (max_user_client_connections)", "TooManyConnections"],
  ["SSL required", "TLSFailed"],
])("PgBouncer's own: %s", (text, reason) => {
  expect(reasonOfRefusal(refusal(text))).toBe(reason);
  expect(reasonOfRefusal(refusal(`${text}, ever`))).toBeUndefined();
  expect(reasonOfRefusal(refusal(`ever ${text}`))).toBeUndefined();
  expect(reasonAfterPassword(refusal(text))).toBeUndefined();
});

describe("texts that end in a name or in what cuts them", () => {
  const OF_THE_SERVER: [string, string][] = [
    ['password authentication failed for user "orders"', "AuthenticationFailed"],
    ["sorry, too many clients already", "TooManyConnections"],
    ['too many connections for role "orders"', "TooManyConnections"],
    ['too many connections for database "orders"', "TooManyConnections"],
    [
      "remaining connection slots are reserved for roles with the SUPERUSER attribute",
      "TooManyConnections",
    ],
  ];

  test.each(OF_THE_SERVER)("the server's, which PgBouncer passes on: %s", (text, reason) => {
    expect(reasonOfRefusal(refusal(text))).toBe(reason);
    expect(reasonOfRefusal(refusal(`ever ${text}`))).toBeUndefined();
    // Only in the words of PgBouncer: a query of the policy could be refused with any other.
    expect(reasonOfCachedRefusal(refusal(text))).toBeUndefined();
  });

  test.each(OF_THE_SERVER)("the server's, which PgBouncer remembers: %s", (text, reason) => {
    expect(reasonOfRefusal(cached(text))).toBe(reason);
    expect(reasonAfterPassword(cached(text))).toBe(reason);
    expect(reasonOfCachedRefusal(cached(text))).toBe(reason);
  });

  test("a database that PgBouncer does not know: Misconfigured", () => {
    expect(reasonOfRefusal(refusal("no such database: orders"))).toBe("Misconfigured");
  });

  test.each([
    'database "orders" is disabled',
    'authentication database "users" is disabled',
    "database does not allow connections: orders",
  ])("one that its administrator closed to new clients: %s", (text) => {
    expect(reasonOfRefusal(refusal(text))).toBe("AuthenticationFailed");
    expect(reasonAfterPassword(refusal(text))).toBeUndefined();
    expect(reasonOfCachedRefusal(refusal(text))).toBeUndefined();
  });

  test("another word of a database: its code decides", () => {
    expect(reasonOfRefusal(refusal('database "orders" is in recovery mode'))).toBeUndefined();
  });
});

test.each([
  ["another text", refusal("server login has been failing, try again later (server_login_retry)")],
  ["another cause that is remembered", cached("connect failed")],
  ["no text", refusal(undefined)],
  ["another SQLSTATE", { ...refusal("no such user"), code: "28P01" }],
  ["an error that ends nothing", { ...refusal("no such user"), severity: "ERROR" }],
  ["an error of another kind", new Error("no such user")],
  ["no error", undefined],
])("%s: its code decides", (_, error) => {
  expect(reasonOfRefusal(error)).toBeUndefined();
  expect(reasonOfCachedRefusal(error)).toBeUndefined();
});

describe("Pgpool-II", () => {
  const ERROR_AND_FATAL = ["ERROR", "FATAL"];
  const said = (severity: string, text: string) => ({ severity, code: "XX000", text });

  test.each([
    "authentication failed",
    "SCRAM authentication failed",
    "md5 authentication failed",
    "clear text authentication failed",
    "client authentication failed",
    "failed to authenticate with backend using SCRAM",
  ])("%s: AuthenticationFailed, before the password has been accepted alone", (text) => {
    for (const severity of ERROR_AND_FATAL) {
      const error = said(severity, text);
      expect(reasonOfRefusal(error)).toBe("AuthenticationFailed");
      expect(reasonAfterPassword(error)).toBeUndefined();
      expect(reasonOfCachedRefusal(error)).toBeUndefined();
    }
    expect(reasonOfRefusal(said("PANIC", text))).toBeUndefined();
    expect(reasonOfRefusal(said("FATAL", `ever ${text}`))).toBeUndefined();
    expect(reasonOfRefusal(refusal(text, "XX001"))).toBeUndefined();
  });

  test("no server behind it: its code decides", () => {
    const text = "failed to create a backend connection";
    expect(reasonOfRefusal(said("FATAL", text))).toBeUndefined();
    expect(reasonOfRefusal(said("FATAL", "authentication failed, ever"))).toBeUndefined();
  });
});

describe("Supavisor", () => {
  test.each([
    ["(EMAXCONN) max client connections reached, limit: 200", "TooManyConnections"],
    ["(EMAXCONNSESSION) max clients reached in session mode", "TooManyConnections"],
    ["(EMAXCLIENTCONN) max client connections reached, limit: 200", "TooManyConnections"],
    ["(EMAXCLIENTSESSION) max clients reached in session mode", "TooManyConnections"],
    ["(EMAXPROXYCONN) max proxy connections reached, limit: 200", "TooManyConnections"],
    ["(EMAXPOOLSREACHED) max pools count reached", "TooManyConnections"],
    ["Max client connections reached", "TooManyConnections"],
    ["MaxClientsInSessionMode: max clients reached", "TooManyConnections"],
    ["Max pools count reached", "TooManyConnections"],
    ["(ECIRCUITBREAKER) Too many authentication errors", "AuthenticationFailed"],
    ["Circuit breaker open: Too many authentication errors", "AuthenticationFailed"],
    ["(EAUTHQUERY) user not found in the database", "AuthenticationFailed"],
    ["(ENOTFOUND) tenant/user orders.one not found", "AuthenticationFailed"],
    ["(ETENANTNOTFOUND) tenant or user not found", "AuthenticationFailed"],
    ["Tenant or user not found", "AuthenticationFailed"],
    ["(ESSLREQUIRED) SSL connection is required for user: orders", "TLSFailed"],
    ["SSL connection is required", "TLSFailed"],
  ])("%s: %s, until it is ready for a query", (text, reason) => {
    const error = refusal(text, "XX000");
    expect(reasonOfRefusal(error)).toBe(reason);
    expect(reasonAfterPassword(error)).toBe(reason);
    expect(reasonOfCachedRefusal(error)).toBeUndefined();
    expect(reasonOfRefusal({ ...error, severity: "ERROR" })).toBeUndefined();
    expect(reasonOfRefusal(refusal(text))).toBeUndefined();
    expect(reasonOfRefusal(refusal(`ever ${text}`, "XX000"))).toBeUndefined();
  });

  test.each([
    "(ECIRCUITBREAKER) Unable to establish connection to upstream database",
    "(ECIRCUITBREAKER) Failed to retrieve database credentials",
    "Circuit breaker open: Unable to establish connection to upstream database",
    "Circuit breaker open: Failed to retrieve database credentials",
    "(EAUTHQUERY) auth_query connection failed",
  ])("%s: the database is down, its code decides", (text) => {
    expect(reasonOfRefusal(refusal(text, "XX000"))).toBeUndefined();
    expect(reasonAfterPassword(refusal(text, "XX000"))).toBeUndefined();
  });
});

describe("CockroachDB Cloud's SQL proxy", () => {
  test.each([
    ["08C00", "codeProxyRefusedConnection: too many failed authentication attempts"],
    ["08004", "codeProxyRefusedConnection: connection attempt throttled"],
  ])("%s %s: AuthenticationFailed", (code, text) => {
    expect(reasonOfRefusal(refusal(text, code))).toBe("AuthenticationFailed");
    expect(reasonOfRefusal(refusal(text, "08006"))).toBeUndefined();
  });

  test.each([
    "codeBackendDialFailed: unable to reach backend SQL server",
    "codeProxyRefusedConnection: connection refused",
  ])("%s: its code decides", (text) => {
    expect(reasonOfRefusal(refusal(text, "08C00"))).toBeUndefined();
  });
});
