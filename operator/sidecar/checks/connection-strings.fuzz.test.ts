/** What stands in a Secret as a connection string is anybody's: read or refused, and never quoted. */
import { expect } from "@jest/globals";
import fc from "fast-check";
import { fuzz } from "../../../test/fuzz/fuzz.ts";
import { almost, strangeText } from "../../../test/fuzz/strange-text.ts";
import { CheckError } from "./check.ts";
import { parseConnectionString as parseMysql } from "./mysql/connection-string.ts";
import { parseConnectionString as parsePostgresql } from "./postgresql/connection-string.ts";
import { parseConnectionString as parseRedis } from "./redis/connection-string.ts";

/** In every string, as whole as a secret would be. */
const SECRET = "s3cr3t-p4ssw0rd";

const WORDS = [
  ...["postgres", "ql", "mysql", "mariadb", "redis", "rediss", "://", ":", "@", "/", "?", "#", "&"],
  ...[
    "=",
    ",",
    "[",
    "]",
    "[::1]",
    "%",
    "%2F",
    "%00",
    "%0a",
    "%zz",
    "\t",
    "\n",
    " ",
    "\\",
    "..",
    ".",
  ],
  ...[
    "0",
    "5432",
    "65536",
    "-1",
    "1e3",
    "0x1",
    "user",
    SECRET,
    "db",
    "localhost",
    "127.0.0.1",
    "日本",
  ],
  ...["sslmode", "verify-full", "require", "ssl-mode", "REQUIRED", "ssl_cert_reqs", "none", "host"],
  ...[
    "port",
    "user=",
    "password=",
    "dbname=",
    "options=",
    "channel_binding",
    "__proto__",
    "\uFEFF",
  ],
];

interface Parsed {
  host: string;
  port: number;
  password: string;
}

const TYPES: [type: string, parse: (text: string) => Parsed, right: string[]][] = [
  [
    "PostgreSQL",
    parsePostgresql,
    [
      `postgresql://user:${SECRET}@db:5432/orders?sslmode=verify-full&sslrootcert=system`,
      `postgres://db/orders?user=web&password=${SECRET}&port=5433&host=other&options=-c%20x`,
      `postgresql://user:${SECRET}@[2001:db8::1]/orders?channel_binding=require`,
    ],
  ],
  [
    "MySQL",
    parseMysql,
    [
      `mysql://user:${SECRET}@db:3306/orders?ssl-mode=VERIFY_IDENTITY`,
      `mysql2://user:${SECRET}@[::1]/orders`,
      `mariadb://user:${SECRET}%20@db/orders?charset=utf8mb4`,
    ],
  ],
  [
    "Redis",
    parseRedis,
    [
      `redis://user:${SECRET}@db:6379/0`,
      `rediss://:${SECRET}@db/1?ssl_cert_reqs=none`,
      `redis://[::1]:6379`,
    ],
  ],
];

function outcome(parse: (text: string) => Parsed, text: string): Parsed | CheckError {
  try {
    return parse(text);
  } catch (error) {
    expect(error).toBeInstanceOf(CheckError);
    return error as CheckError;
  }
}

for (const [type, parse, right] of TYPES) {
  fuzz(`any text is a connection string of ${type} or a mistake that is named`, {
    input: fc.oneof(almost(right, WORDS), strangeText(WORDS)),
    runs: 300,
    holds: (text) => {
      const parsed = outcome(parse, text);
      if (parsed instanceof CheckError) {
        expect(parsed.reason).toBe("Misconfigured");
        expect(parsed.problem?.length).toBeGreaterThan(10);
        expect(parsed.problem).not.toContain(SECRET);
        return;
      }
      expect(parsed.host).toMatch(/^[^,/\p{Cc}\p{Z}]+$/u);
      expect(Number.isInteger(parsed.port) && parsed.port >= 1 && parsed.port <= 65_535).toBe(true);
    },
  });
}
