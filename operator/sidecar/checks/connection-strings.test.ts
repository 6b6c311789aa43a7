/** What holds for the connection strings of every type, spelled in each of the ways that one has. */
import { describe, expect, test } from "@jest/globals";
import { parseConnectionString as mysql } from "./mysql/connection-string.ts";
import { parseConnectionString as postgresql } from "./postgresql/connection-string.ts";
import { parseConnectionString as redis } from "./redis/connection-string.ts";

interface Way {
  parse: (text: string) => { host: string; port: number };
  /** A string with this host and port. */
  write: (host: string, port: string) => string;
}

const WAYS: [name: string, way: Way][] = [
  [
    "postgresql://",
    { parse: postgresql, write: (host, port) => `postgresql://u:p@${host}:${port}/d` },
  ],
  [
    "parameters of postgresql://",
    {
      parse: postgresql,
      write: (host, port) => `postgresql:///d?user=u&password=p&host=${host}&port=${port}`,
    },
  ],
  ["mysql://", { parse: mysql, write: (host, port) => `mysql://u:p@${host}:${port}/d` }],
  ["redis://", { parse: redis, write: (host, port) => `redis://u:p@${host}:${port}/0` }],
  ["rediss://", { parse: redis, write: (host, port) => `rediss://u:p@${host}:${port}` }],
];

describe.each(WAYS)("%s", (_, { parse, write }) => {
  test.each(["1", "5432", "65535"])("the port %s is taken", (port) => {
    expect(parse(write("h", port))).toMatchObject({ host: "h", port: Number(port) });
  });

  test.each(["0", "00000", "65536", "99999", "655360", "-1", "1e3", "0x10", "5.5"])(
    "the port %s is Misconfigured",
    (port) => {
      expect(() => parse(write("h", port))).toThrow("Misconfigured");
    },
  );

  test.each(["%00", "%09", "%0a", "%0d%0a", "%1f", "%7f", "%c2%85", "%20", "%c2%a0", "%e2%80%a8"])(
    "a host that holds %s is Misconfigured",
    (character) => {
      expect(() => parse(write(`h${character}`, "1"))).toThrow("Misconfigured");
      expect(() => parse(write(`${character}h`, "1"))).toThrow("Misconfigured");
    },
  );
});
