import { expect, test } from "@jest/globals";
import { CheckError } from "../check.ts";
import { parseConnectionString } from "./connection-string.ts";

const PLAIN = {
  host: "db",
  port: 3306,
  user: "u",
  password: "p",
  database: "orders",
  tlsMode: undefined,
};

test.each<[string, object]>([
  ["mysql://u:p@db/orders", {}],
  ["mysql2://u:p@db/orders", {}],
  ["mariadb://u:p@db:3307/orders", { port: 3307 }],
  ["mysql://u@db/orders", { password: "" }],
  ["mysql://u:p@db", { database: undefined }],
  ["mysql://u:p@db/", { database: undefined }],
  ["mysql://u:p@[::1]:3307/orders", { host: "::1", port: 3307 }],
  ["mysql://u%40x:p%2F%23%3A@db/or%20ders", { user: "u@x", password: "p/#:", database: "or ders" }],
  ["mysql://u:p@db/orders?ssl-mode=DISABLED", { tlsMode: "Disable" }],
  ["mysql://u:p@db/orders?ssl-mode=preferred", { tlsMode: "Prefer" }],
  ["mysql://u:p@db/orders?ssl_mode=Required", { tlsMode: "Require" }],
  ["mysql://u:p@db/orders?sslmode=VERIFY_IDENTITY", { tlsMode: "VerifyFull" }],
  ["mysql://u:p@db/orders?sslMode=VERIFY_IDENTITY", { tlsMode: "VerifyFull" }],
])("%j is understood", (text, differs) => {
  expect(parseConnectionString(text)).toEqual({ ...PLAIN, ...differs });
});

test.each([
  ["", "empty"],
  ["\n", "a newline alone"],
  ["mysql://u:s3cret@db/orders\n", "a newline, of which the reader of Secrets has cut one already"],
  ["mysql://u:s3cret@db/orders\r\n", "a newline as Windows writes it"],
  ["\uFEFFmysql://u:s3cret@db/orders", "a byte order mark"],
  [" mysql://u:s3cret@db/orders", "a space in front"],
  ["mysql://u:s3\tcret@db/orders", "a tab, which the URL parser drops"],
  ["mysql://u:s3cret@db/orders\0", "a NUL"],
  ["postgresql://u:s3cret@db/orders", "another scheme"],
  ["mysqlx://u:s3cret@db/orders", "another protocol of MySQL"],
  ["mysql+pymysql://u:s3cret@db/orders", "a driver's name in the scheme"],
  ["jdbc:mysql://db/orders?user=u", "JDBC"],
  ["u:s3cret@tcp(db:3306)/orders", "the form of Go's driver"],
  ["mysql://u:s3cret@tcp(db:3306)/orders", "the same with a scheme"],
  ["mysql://u:s3cret@a,b/orders", "several hosts"],
  ["mysql://u:s3cret@a:1,b:2/orders", "several hosts with ports"],
  ["mysql://u:s3cret@/orders", "no host, which is a unix socket"],
  ["mysql://u:s3cret@%2Frun%2Fmysqld/orders", "a unix socket"],
  ["mysql://u:s3cret@(%2Frun%2Fmysqld)/orders", "the same in mysqlsh"],
  ["mysql://:s3cret@db/orders", "no user"],
  ["mysql://u:s3cret@db:99999/orders", "a port out of range"],
  ["mysql://u:s3cret%zz@db/orders", "a broken escape"],
  ["mysql://u:s3cret@db/orders?ssl-mode=foo", "an unknown mode"],
  ["mysql://u:s3cret@db/orders?ssl-mode=VERIFY_CA", "VERIFY_CA"],
  ["mysql://u:s3cret@db/orders?ssl-mode=", "an empty mode"],
  ["mysql://u:s3cret@db/orders#x", "a fragment, which would be dropped"],
  ["mysql://u:1#s3cret@db/orders", "half of a password that would be taken for the host"],
  ["mysql://u:s3cret@db/orders/more", "a path of two parts"],
])("%j is Misconfigured: %s", (text) => expectMisconfigured(text));

const withParameters = (parameters: string) => `mysql://u:s3cret@db/orders?${parameters}`;

/** What would change the server, the login or how safe it is; and drivers' own spellings of encryption. */
test.each([
  "host=other",
  "user=other",
  "password=other",
  "socket=/run/mysqld/mysqld.sock",
  "unix_socket=/run/mysqld/mysqld.sock",
  "socketPath=/run/mysqld/mysqld.sock",
  "protocol=socket",
  "ssl=true",
  "ssl=false",
  'ssl={"rejectUnauthorized":true}',
  "tls=true",
  "tls=skip-verify",
  "useSSL=true",
  "requireSSL=true",
  "verifyServerCertificate=true",
  "sslaccept=strict",
  "sslcert=/ca.pem",
  "ssl-ca=/ca.pem",
  "ssl_ca=/ca.pem",
  "ssl-cert=/client.pem",
  "sslidentity=/client.p12",
  "tls-version=TLSv1.3",
  "auth-method=mysql_clear_password",
  "defaultAuthenticationPlugin=x",
  "allowCleartextPasswords=true",
  "enableCleartextPlugin=true",
  "allowPublicKeyRetrieval=false",
  "get-server-public-key=false",
  "serverRSAPublicKeyFile=/key.pem",
  "compression=REQUIRED",
  "compress=true",
  "init_command=DROP%20TABLE%20x",
  "sessionVariables=sql_mode=ANSI",
  "allowLoadLocalInfile=true",
  "local_infile=1",
  "proxy=x",
  "ssl-mode=REQUIRED&sslMode=DISABLED",
  "charset=a&charset=b",
  "SSL-MODE=REQUIRED",
  "unknown=1",
  "=1",
])("the parameters %j are Misconfigured", (parameters) => {
  expectMisconfigured(withParameters(parameters));
});

test.each([
  "charset=utf8mb4&parseTime=true&loc=UTC",
  "connection_limit=5&pool_timeout=10&socket_timeout=3&connect_timeout=10",
  "serverTimezone=UTC&useUnicode=true&characterEncoding=utf8&autoReconnect=true",
  "connectTimeout=1000&multipleStatements=true&dateStrings=true",
  "allowPublicKeyRetrieval=true&compression=DISABLED",
  "pool=5&reconnect=true&encoding=utf8mb4&prepared_statements=false",
  "",
  "&",
])("the parameters %j change nothing", (parameters) => {
  expect(parseConnectionString(withParameters(parameters))).toEqual({
    ...PLAIN,
    password: "s3cret",
  });
});

const NOT_A_URL =
  "the connection string is not a valid mysql:// URL with one host; write mysql://user:password@host:3306/database, with special characters escaped, as %2F for /";
const HOST =
  "the connection string must name one host; a list of hosts and a unix socket are not supported";
const USER = "the connection string names no user; write user:password@ before the host";
const PARAMETER =
  "the connection string has a parameter that is not supported, or one twice; leave it out";
const ESCAPE =
  "the connection string has a % that begins no escape; write %25 for the character itself";

/** What the log says, which must never quote what it is about. */
test.each([
  ["", NOT_A_URL],
  ["\uFEFFmysql://u:s3cret@db/orders", NOT_A_URL],
  ["postgresql://u:s3cret@db/orders", NOT_A_URL],
  ["mysql://u:s3cret@a,b/orders", HOST],
  ["mysql://u:s3cret@%2Frun%2Fmysqld/orders", HOST],
  ["mysql://:s3cret@db/orders", USER],
  [
    "mysql://u:s3cret@db/orders?ssl-mode=VERIFY_CA",
    "the ssl-mode of the connection string is not supported; write DISABLED, PREFERRED, REQUIRED or VERIFY_IDENTITY",
  ],
  ["mysql://u:s3cret@db/orders?password=s3cret", PARAMETER],
  ["mysql://u:s3cret%zz@db/orders", ESCAPE],
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
