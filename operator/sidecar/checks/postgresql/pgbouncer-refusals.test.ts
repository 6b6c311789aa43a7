import { describe, expect, test } from "@jest/globals";
import { reasonOfCachedRefusal, reasonOfRefusal } from "./pgbouncer-refusals.ts";

const refusal = (text?: string) => ({ severity: "FATAL", code: "08P01", text });
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
    expect(reasonOfCachedRefusal(cached(text))).toBe(reason);
  });

  test("a database that PgBouncer does not know: Misconfigured", () => {
    expect(reasonOfRefusal(refusal("no such database: orders"))).toBe("Misconfigured");
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
