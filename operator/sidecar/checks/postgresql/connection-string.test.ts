import { expect, test } from "@jest/globals";
import { CheckError } from "../check.ts";
import { parseConnectionString } from "./connection-string.ts";

const PLAIN = {
  host: "db",
  port: 5432,
  user: "u",
  password: "p",
  database: "orders",
  options: undefined,
  tlsMode: undefined,
  channelBinding: false,
};

type Differs = Partial<typeof PLAIN> | { tlsMode: string } | { options: string };

test.each<[string, Differs]>([
  ["postgresql://u:p@db/orders", {}],
  ["postgres://u:p@db:5433/orders", { port: 5433 }],
  ["postgresql://u@db/orders", { password: "" }],
  ["postgresql://u:p@db", { database: "u" }],
  ["postgresql://u:p@[::1]:5433/orders", { host: "::1", port: 5433 }],
  [
    "postgresql://u%40x:p%2F%23%3A@db/or%20ders",
    { user: "u@x", password: "p/#:", database: "or ders" },
  ],
  ["postgresql://u:p@other/orders?host=db&port=6543", { port: 6543 }],
  ["postgresql://u:p@db/orders?host=[::1]", { host: "::1" }],
  ["postgresql://u:p@db/orders?host=x[::1]", { host: "x[::1]" }],
  ["postgresql://u:p@db/orders?host=[::1]x", { host: "[::1]x" }],
  ["postgresql://db/?user=u&password=p&dbname=orders", {}],
  ["postgresql://u:a+b%2Bc@db/orders", { password: "a+b+c" }],
  ["postgresql://db/orders?user=u&password=a+b%2Bc", { password: "a+b+c" }],
  ["postgresql://u@db/orders?password=p%3D%3Dq&", { password: "p==q" }],
  ["postgresql://u@db/orders?password=", { password: "" }],
  ["postgresql://u:p@db/orders?options=-c%20search_path%3Dapp", { options: "-c search_path=app" }],
  ["postgresql://u:p@db/orders?sslmode=disable", { tlsMode: "Disable" }],
  ["postgresql://u:p@db/orders?sslmode=allow", { tlsMode: "Prefer" }],
  ["postgresql://u:p@db/orders?sslmode=prefer", { tlsMode: "Prefer" }],
  ["postgresql://u:p@db/orders?sslmode=require", { tlsMode: "Require" }],
  ["postgresql://u:p@db/orders?sslmode=no-verify", { tlsMode: "Require" }],
  ["postgresql://u:p@db/orders?sslmode=verify-full&sslrootcert=system", { tlsMode: "VerifyFull" }],
  ["postgresql://u:p@db/orders?sslrootcert=system", { tlsMode: "VerifyFull" }],
  ["postgresql://u:p@db/orders?channel_binding=require", { channelBinding: true }],
  ["postgresql://u:p@db/orders?channel_binding=prefer", {}],
  ["postgresql://u:p@db/orders?channel_binding=disable", {}],
])("%j is understood", (text, differs) => {
  expect(parseConnectionString(text)).toEqual({ ...PLAIN, ...differs });
});

test.each([
  ["", "empty"],
  ["\n", "a newline alone"],
  [
    "postgresql://u:s3cret@db/orders\n",
    "a newline, of which the reader of Secrets has cut one already",
  ],
  ["postgresql://u:s3cret@db/orders\r\n", "a newline as Windows writes it"],
  ["postgresql://u:s3\ncret@db/orders", "a newline within"],
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
  ["postgresql://u:s3cret@db/orders?port=0x1538", "a port in hexadecimal"],
  ["postgresql://u:s3cret@db/orders?port=1e3", "a port with an exponent"],
  ["postgresql://u:s3cret@db/orders?port=+5432", "a port with a space before it"],
  ["postgresql://u:s3cret@db/orders?port=5432.0", "a port with a fraction"],
  ["postgresql://u:s3cret@db/orders?port=-1", "a port below zero"],
  ["postgresql://u:s3cret%zz@db/orders", "a broken escape"],
  ["postgresql://u@db/orders?password=s3cret=", "a second = in a parameter"],
  ["postgresql://u:s3cret@db/orders?sslmode=require&password", "a parameter without a ="],
  ["postgresql://u:s3cret@db/orders?sslmode=require&application_name", "an ignored one without it"],
  ["postgresql://u:s3cret@db/orders?&sslmode=require", "an & before the first parameter"],
  ["postgresql://u:s3cret@db/orders?sslmode=require&&dbname=x", "two & between parameters"],
  ["postgresql://u:s3cret@db/orders?&", "an & alone"],
  ["postgresql://u:s3cret@db/orders?sslmode=foo", "an unknown sslmode"],
  ["postgresql://u:s3cret@db/orders?sslmode=verify-ca", "verify-ca"],
  ["postgresql://u:s3cret@db/orders#x", "a fragment, which would be dropped"],
  ["postgresql://u:1#s3cret@db/orders", "half of a password that would be taken for the host"],
  ["postgresql://u:s3cret@db/orders/more", "a path of two parts"],
  ["postgresql://u:s3cret@db/orders?sslmode=verify-full&sslrootcert=/ca.pem", "a file"],
  ["postgresql://u:s3cret@db/orders?sslrootcert=", "an empty name of a file"],
  ["postgresql://u:s3cret@db/orders?sslmode=require&sslrootcert=system", "a mode too weak for it"],
  ["postgresql://u:s3cret@db/orders?channel_binding=foo", "an unknown channel_binding"],
])("%j is Misconfigured: %s", (text) => expectMisconfigured(text));

const withParameters = (parameters: string) => `postgresql://u:s3cret@db/orders?${parameters}`;

/** Every parameter of libpq (PostgreSQL 18) that is neither honoured nor ignored, and drivers' own. */
test.each([
  "hostaddr=10.0.0.1",
  "service=orders",
  "servicefile=/service.conf",
  "passfile=/pgpass",
  "require_auth=scram-sha-256",
  "require_auth=none",
  "replication=database",
  "gssencmode=require",
  "krbsrvname=postgres",
  "gsslib=gssapi",
  "gssdelegation=1",
  "sslnegotiation=direct",
  "sslcert=/client.pem",
  "sslkey=/client.key",
  "sslpassword=x",
  "sslcertmode=require",
  "sslcrl=/crl.pem",
  "sslcrldir=/crl",
  "sslsni=0",
  "sslkeylogfile=/keys",
  "requirepeer=postgres",
  "ssl_min_protocol_version=TLSv1.3",
  "ssl_max_protocol_version=TLSv1.2",
  "min_protocol_version=3.2",
  "target_session_attrs=read-write",
  "target_session_attrs=primary",
  "target_session_attrs=standby",
  "scram_client_key=x",
  "scram_server_key=x",
  "oauth_issuer=https://id",
  "oauth_client_id=x",
  "oauth_client_secret=x",
  "oauth_scope=x",
  "authtype=x",
  "ssl=true",
  "ssl=false",
  "sslaccept=accept_invalid_certs",
  "sslaccept=strict",
  "sslidentity=/client.p12",
  "host=db&host=other",
  "sslmode=require&sslmode=disable",
  "application_name=a&application_name=b",
  "SSLMODE=require",
  "sslmode",
  "unknown=1",
  "=1",
])("the parameters %j are Misconfigured", (parameters) => {
  expectMisconfigured(withParameters(parameters));
});

test.each([
  "application_name=web&connect_timeout=3",
  "connect_timeout=10&keepalives=1&keepalives_idle=5&keepalives_interval=5&keepalives_count=3",
  "tcp_user_timeout=1000&client_encoding=latin1&fallback_application_name=x",
  "gssencmode=disable",
  "gssencmode=prefer",
  "sslnegotiation=postgres&sslcertmode=allow&sslsni=1&sslcompression=0",
  "ssl_min_protocol_version=TLSv1.2",
  "target_session_attrs=any&load_balance_hosts=random",
  "min_protocol_version=3.0&max_protocol_version=latest",
  "schema=app&pgbouncer=true&connection_limit=1&pool_timeout=10&statement_cache_size=0",
  "supa=base-pooler.x&uselibpqcompat=true",
  "pool_max_conns=4&default_query_exec_mode=exec",
  "",
  "connect_timeout=10&",
])("the parameters %j change nothing", (parameters) => {
  expect(parseConnectionString(withParameters(parameters))).toEqual({
    ...PLAIN,
    password: "s3cret",
  });
});

const NOT_A_URL =
  "the connection string is not a valid postgresql:// URL with one host; write postgresql://user:password@host:5432/database, with special characters escaped, as %2F for /";
const HOST =
  "the connection string must name one host; a list of hosts and a unix socket are not supported";
const USER = "the connection string names no user; write user:password@ before the host";
const PARAMETER =
  "the connection string has a parameter that is not supported, or one twice; leave it out";
const PAIR =
  "the connection string has a parameter without a = or with two; write name=value, with %3D for a = in the value";
const ESCAPE =
  "the connection string has a % that begins no escape; write %25 for the character itself";

/** What the log says, which must never quote what it is about. */
test.each([
  ["", NOT_A_URL],
  ["\uFEFFpostgresql://u:s3cret@db/orders", NOT_A_URL],
  ["mysql://u:s3cret@db/orders", NOT_A_URL],
  ["postgresql://u:s3cret@a:1,b:2/orders", NOT_A_URL],
  ["postgresql://u:s3cret@a,b/orders", HOST],
  ["postgresql://u:s3cret@db/orders?host=/var/run/postgresql", HOST],
  ["postgresql://:s3cret@db/orders", USER],
  [
    "postgresql://u:s3cret@db/orders?sslmode=foo",
    "the sslmode of the connection string is not supported; write disable, prefer, require or verify-full, and sslrootcert=system or none",
  ],
  ["postgresql://u:s3cret@db/orders?sslkey=s3cret", PARAMETER],
  ["postgresql://u@db/orders?password=s3=cret", PAIR],
  ["postgresql://u:s3cret%zz@db/orders", ESCAPE],
])("%j: %s", (text, problem) => {
  expect(() => parseConnectionString(text)).toThrow(expect.objectContaining({ problem }));
});

function expectMisconfigured(text: string): void {
  let error: unknown;
  try {
    parseConnectionString(text);
  } catch (thrown) {
    error = thrown;
  }
  expect(error).toBeInstanceOf(CheckError);
  const problem = expect.stringMatching(/^the .* connection string |^the connection string /);
  expect(error).toMatchObject({ reason: "Misconfigured", message: "Misconfigured", problem });
  expect(JSON.stringify(error, Object.getOwnPropertyNames(error))).not.toContain("s3cret");
}
