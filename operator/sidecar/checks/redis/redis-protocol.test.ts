import { describe, expect, test } from "@jest/globals";
import {
  asksForLogin,
  commandText,
  createReplyReader,
  reasonOfLogin,
  reasonOfPing,
} from "./redis-protocol.ts";

test("a command says how many words it has, and how many bytes each", () => {
  expect(commandText("PING")).toBe("*1\r\n$4\r\nPING\r\n");
  expect(commandText("AUTH", "w\u00e9b", "")).toBe(
    "*3\r\n$4\r\nAUTH\r\n$4\r\nw\u00e9b\r\n$0\r\n\r\n",
  );
});

describe("a reply", () => {
  test.each(["+PONG", "-ERR unknown command", "+", "-"])("%j is complete with its line", (line) => {
    const read = createReplyReader();
    const results = [...`${line}\r\n`].map(read);
    expect(results.slice(0, -1).every((result) => result === undefined)).toBe(true);
    expect(results.at(-1)).toBe(line);
  });

  test.each([
    ["a number", ":1\r\n"],
    ["a bulk string", "$4\r\nPONG\r\n"],
    ["a list", "*1\r\n"],
    ["a push of a later protocol", ">1\r\n"],
    ["another protocol", "HTTP/1.1 200 OK\r\n"],
    ["a line end alone", "\r\n"],
    ["a line that ends otherwise", "+PONG\n"],
    ["a break within the line", "+PO\rNG\r\n"],
    ["two replies", "+PONG\r\n+PONG\r\n"],
    ["half of another one", "+PONG\r\n+"],
    ["a line too long", `+${"x".repeat(2_048)}`],
  ])("%s: ProtocolError", (_, text) => {
    expect(() => createReplyReader()(text)).toThrow("ProtocolError");
  });

  test("may be as long as what Redis before 7 says in protected mode", () => {
    const line = `-DENIED ${"x".repeat(1_091)}`;
    expect(createReplyReader()(`${line}\r\n`)).toBe(line);
  });
});

describe("the reply to PING", () => {
  test.each([
    ["+PONG", undefined],
    [
      "-MASTERDOWN Link with MASTER is down and replica-serve-stale-data is set to 'no'.",
      undefined,
    ],
    ["-LOADING Redis is loading the dataset in memory", "ServerStarting"],
    ["-NOAUTH Authentication required.", "AuthenticationFailed"],
    ["-WRONGPASS invalid username-password pair or user is disabled.", "AuthenticationFailed"],
    ["-NOPERM this user has no permissions to run the 'ping' command", "AuthenticationFailed"],
    ["-DENIED Redis is running in protected mode", "AuthenticationFailed"],
    ["-ERR max number of clients reached", "TooManyConnections"],
    ["-ERR max number of clients + cluster connections reached", "TooManyConnections"],
    ["-ERR max concurrent connections exceeded", "TooManyConnections"],
    ["-ERR max requests limit exceeded. Limit: 500000, Usage: 500000.", "TooManyConnections"],
    ["-ERR max daily request limit exceeded. Limit: 10000", "TooManyConnections"],
    ["-ERR max request size exceeded", "InvalidResponse"],
    ["-ERR NOAUTH Authentication required.", "AuthenticationFailed"],
    ["-ERR NOAUTHS x", "InvalidResponse"],
    ["-ERR unknown command", "InvalidResponse"],
    ["-MISCONF Redis is configured to save RDB snapshots", "InvalidResponse"],
    ["-BUSY Redis is busy running a script.", "InvalidResponse"],
    ["-LOADINGS x", "InvalidResponse"],
    ["+OK", "InvalidResponse"],
    ["+QUEUED", "InvalidResponse"],
  ])("%j: %s", (reply, reason) => {
    expect(reasonOfPing(reply)).toBe(reason);
  });

  test.each([
    ["-NOAUTH Authentication required.", true],
    ["-NOPERM this user has no permissions", true],
    ["-ERR NOAUTH Authentication required.", true],
    ["-ERR unknown command", false],
    ["+PONG", false],
    ["-DENIED Redis is running in protected mode", false],
    ["-LOADING x", false],
  ])("%j asks for a login: %s", (reply, asks) => {
    expect(asksForLogin(reply)).toBe(asks);
  });
});

test.each([
  ["+OK", undefined],
  ["-WRONGPASS invalid username-password pair or user is disabled.", "AuthenticationFailed"],
  ["-ERR invalid password", "AuthenticationFailed"],
  ["-ERR AUTH <password> called without any password configured", "AuthenticationFailed"],
  ["-ERR wrong number of arguments for 'auth' command", "AuthenticationFailed"],
  ["-MASTERDOWN x", "AuthenticationFailed"],
  ["-LOADING x", "ServerStarting"],
  ["-ERR max number of clients reached", "TooManyConnections"],
  ["+PONG", "ProtocolError"],
  ["+OKAY", "ProtocolError"],
])("the reply %j to AUTH: %s", (reply, reason) => {
  expect(reasonOfLogin(reply)).toBe(reason);
});
