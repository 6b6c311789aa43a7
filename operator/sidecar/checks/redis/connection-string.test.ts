import { expect, test } from "@jest/globals";
import { parseConnectionString } from "./connection-string.ts";

const PLAIN = {
  host: "cache",
  port: 6_379,
  user: "",
  password: "",
  encrypted: false,
  tlsMode: undefined,
};

test.each<[string, object]>([
  ["redis://cache", {}],
  ["redis://cache/", {}],
  ["redis://cache/15", {}],
  ["redis://cache:6380/0", { port: 6_380 }],
  ["redis://:s3cret@cache", { password: "s3cret" }],
  ["redis://web:s3cret@cache", { user: "web", password: "s3cret" }],
  ["redis://w%40b:p%2F%23%3A@cache", { user: "w@b", password: "p/#:" }],
  ["redis://[fd00::1]:6380", { host: "fd00::1", port: 6_380 }],
  ["rediss://cache", { encrypted: true }],
  ["rediss://cache?ssl_cert_reqs=none", { encrypted: true, tlsMode: "Require" }],
  ["rediss://cache?ssl_cert_reqs=CERT_NONE", { encrypted: true, tlsMode: "Require" }],
  ["rediss://cache?ssl_cert_reqs=required", { encrypted: true, tlsMode: "VerifyFull" }],
  ["rediss://cache?skip_verify=true", { encrypted: true, tlsMode: "Require" }],
  ["redis://cache?db=3&socket_timeout=5&decode_responses=true&protocol=3", {}],
  ["redis://cache/2?dial_timeout=3s&pool_size=10&max_retries=3&client_name=web", {}],
  ["redis://cache?", {}],
])("%j is understood", (text, differs) => {
  expect(parseConnectionString(text)).toEqual({ ...PLAIN, ...differs });
});

test.each([
  ["", "empty"],
  ["redis://", "no host"],
  ["redis://:s3cret@", "no host behind a password"],
  ["redis://cache\n", "a newline"],
  ["\uFEFFredis://cache", "a byte order mark"],
  [" redis://cache", "a space in front"],
  ["redis://:s3\tcret@cache", "a tab, which the URL parser drops"],
  ["cache:6379", "no scheme"],
  ["redis-sentinel://a:26379,b:26379/main", "sentinels"],
  ["redis+cluster://cache", "a cluster"],
  ["unix:///run/redis.sock", "a unix socket"],
  ["redis-socket:///run/redis.sock", "another one's unix socket"],
  ["redis://%2Frun%2Fredis.sock", "a path for a host"],
  ["redis://a,b", "several hosts"],
  ["redis://a:1,b:2", "several hosts with ports"],
  ["redis://web@cache", "a user without a password"],
  ["redis://cache:99999", "a port out of range"],
  ["redis://:s3cret%zz@cache", "a broken escape"],
  ["redis://cache/main", "a database that is no number"],
  ["redis://cache/0/1", "two databases"],
  ["redis://cache#x", "a fragment"],
  ["redis://:1#s3cret@cache", "half of a password that would be taken for the host"],
  ["redis://cache?ssl_cert_reqs=none", "a way to verify what is not encrypted"],
  ["rediss://cache?ssl_cert_reqs=optional", "a way to verify that no server here has"],
  ["rediss://cache?ssl_cert_reqs=none&skip_verify=true", "two ways to verify"],
  ["rediss://cache?ssl_ca_certs=/ca.pem", "a file of the app's container"],
  ["rediss://cache?ssl_check_hostname=false", "half of a verification"],
  ["redis://cache?ssl=true", "encryption in other words"],
  ["redis://cache?password=s3cret", "a password in another place"],
  ["redis://cache?db=1&db=2", "a parameter twice"],
  ["redis://cache?DB=1", "a parameter in capitals"],
  ["redis://cache?sentinel=main", "an unknown parameter"],
  ["redis://cache?=1", "a parameter without a name"],
])("%j is Misconfigured: %s", (text) => {
  let error: unknown;
  try {
    parseConnectionString(text);
  } catch (thrown) {
    error = thrown;
  }
  const problem = expect.stringMatching(/^the connection string /);
  expect(error).toMatchObject({ reason: "Misconfigured", message: "Misconfigured", problem });
  expect(JSON.stringify(error, Object.getOwnPropertyNames(error))).not.toContain("s3cret");
});

const NOT_A_URL =
  "the connection string is not a valid redis:// URL with one host; write redis://user:password@host:6379, with special characters escaped, as %2F for /";
const HOST =
  "the connection string must name one host; a list of hosts and a unix socket are not supported";
const PARAMETER =
  "the connection string has a parameter that is not supported, or one twice; leave it out";
const ESCAPE =
  "the connection string has a % that begins no escape; write %25 for the character itself";

/** What the log says, which must never quote what it is about. */
test.each([
  ["", NOT_A_URL],
  ["\uFEFFredis://cache", NOT_A_URL],
  ["redis-sentinel://a:26379,b:26379/main", NOT_A_URL],
  ["redis://:s3cret@a,b", HOST],
  ["redis://%2Frun%2Fredis.sock", HOST],
  ["redis://web@cache", "the connection string names a user without a password; give both or none"],
  [
    "redis://cache?ssl_cert_reqs=none",
    "the connection string says how to verify the server, but is not encrypted; write rediss://",
  ],
  ["redis://cache?password=s3cret", PARAMETER],
  ["redis://:s3cret%zz@cache", ESCAPE],
])("%j: %s", (text, problem) => {
  expect(() => parseConnectionString(text)).toThrow(expect.objectContaining({ problem }));
});
