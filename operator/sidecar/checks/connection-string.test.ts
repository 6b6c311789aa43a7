import { expect, test } from "@jest/globals";
import { CheckError } from "./check.ts";
import { parseConnectionString } from "./connection-string.ts";

const PLAIN = {
  host: "db",
  port: 5432,
  user: "u",
  password: "p",
  database: "orders",
  options: undefined,
  tlsMode: undefined,
};

test.each<[string, Partial<typeof PLAIN> | { tlsMode: string } | { options: string }]>([
  ["postgresql://u:p@db/orders", {}],
  ["postgres://u:p@db:5433/orders", { port: 5433 }],
  ["postgresql://u:p@db/orders\n", {}],
  ["postgresql://u:p@db/orders\r\n", {}],
  ["postgresql://u@db/orders", { password: "" }],
  ["postgresql://u:p@db", { database: "u" }],
  ["postgresql://u:p@[::1]:5433/orders", { host: "::1", port: 5433 }],
  [
    "postgresql://u%40x:p%2F%23%3A@db/or%20ders",
    { user: "u@x", password: "p/#:", database: "or ders" },
  ],
  ["postgresql://u:p@other/orders?host=db&port=6543", { port: 6543 }],
  ["postgresql://db/?user=u&password=p&dbname=orders", {}],
  ["postgresql://u:p@db/orders?options=-c%20search_path%3Dapp", { options: "-c search_path=app" }],
  ["postgresql://u:p@db/orders?application_name=web&connect_timeout=3", {}],
  ["postgresql://u:p@db/orders?sslmode=disable", { tlsMode: "Disable" }],
  ["postgresql://u:p@db/orders?sslmode=allow", { tlsMode: "Prefer" }],
  ["postgresql://u:p@db/orders?sslmode=prefer", { tlsMode: "Prefer" }],
  ["postgresql://u:p@db/orders?sslmode=require", { tlsMode: "Require" }],
  ["postgresql://u:p@db/orders?sslmode=no-verify", { tlsMode: "Require" }],
  ["postgresql://u:p@db/orders?sslmode=verify-full&sslrootcert=system", { tlsMode: "VerifyFull" }],
])("%j is understood", (text, differs) => {
  expect(parseConnectionString(text)).toEqual({ ...PLAIN, ...differs });
});

test.each([
  ["", "empty"],
  ["\n", "a newline alone"],
  ["postgresql://u:s3cret@db/orders\n\n", "two newlines"],
  ["\uFEFFpostgresql://u:s3cret@db/orders", "a byte order mark"],
  [" postgresql://u:s3cret@db/orders", "a space in front"],
  ["postgresql://u:s3\tcret@db/orders", "a tab, which the URL parser drops"],
  ["postgresql://u:s3cret@db/orders\0", "a NUL"],
  ["mysql://u:s3cret@db/orders", "another scheme"],
  ["jdbc:postgresql://db/orders?user=u", "JDBC"],
  ["host=db user=u password=s3cret", "the keyword form"],
  ["postgresql://u:s3cret@a,b/orders", "several hosts"],
  ["postgresql://u:s3cret@a:1,b:2/orders", "several hosts with ports"],
  ["postgresql://u:s3cret@/orders", "no host, which is a unix socket"],
  ["postgresql://u:s3cret@%2Fvar%2Frun%2Fpostgresql/orders", "a unix socket"],
  ["postgresql://u:s3cret@/orders?host=/var/run/postgresql", "a unix socket as a parameter"],
  ["postgresql://:s3cret@db/orders", "no user"],
  ["postgresql://u:s3cret@db:99999/orders", "a port out of range"],
  ["postgresql://u:s3cret%zz@db/orders", "a broken escape"],
  ["postgresql://u:s3cret@db/orders?sslmode=foo", "an unknown sslmode"],
  ["postgresql://u:s3cret@db/orders?sslmode=verify-ca", "verify-ca"],
  ["postgresql://u:s3cret@db/orders?sslmode=verify-full&sslrootcert=/ca.pem", "a file"],
  ["postgresql://u:s3cret@db/orders?sslcert=/client.pem", "a client certificate"],
  ["postgresql://u:s3cret@db/orders?service=orders", "a service file"],
])("%j is Misconfigured: %s", (text) => {
  let error: unknown;
  try {
    parseConnectionString(text);
  } catch (thrown) {
    error = thrown;
  }
  expect(error).toBeInstanceOf(CheckError);
  expect(error).toMatchObject({ reason: "Misconfigured", message: "Misconfigured" });
  expect(JSON.stringify(error, Object.getOwnPropertyNames(error))).not.toContain("s3cret");
});
