/** No value of a policy or a Secret becomes a command on a server of another kind. */
import { once } from "node:events";
import { connect } from "node:net";
import { setTimeout as sleep } from "node:timers/promises";
import { afterAll, beforeAll, beforeEach, describe, expect, test } from "@jest/globals";
import type { PostgresqlConfig } from "../../../api/policy-file.ts";
import { startMemcached } from "../memcached/testing/real-memcached.ts";
import { runCheck, SHORT } from "../testing/contract.ts";
import type { RealServer } from "../testing/real-server.ts";
import { postgresql } from "./postgresql.ts";
import { startupMessage } from "./postgresql-messages.ts";
import { dependency } from "./testing/postgresql-subject.ts";

const COMMAND = "x\r\nset stolen 0 0 1\r\n1\r\n";

const CREDENTIALS = { secretName: "db", usernameKey: "user", passwordKey: "password" };

let memcached: RealServer;
beforeAll(async () => {
  memcached = await startMemcached();
});
afterAll(() => memcached?.stop());
beforeEach(() => say("delete stolen\r\n"));

/** Sends `bytes` over a connection of their own and gives the answer. */
async function say(bytes: Buffer | string): Promise<string> {
  const socket = connect(memcached.port, "127.0.0.1");
  let answer = "";
  socket.on("data", (chunk) => {
    answer += chunk;
  });
  await once(socket, "connect");
  socket.write(bytes);
  await sleep(100);
  socket.destroy();
  return answer;
}

const commandRan = async () => (await say("get stolen\r\n")).startsWith("VALUE");

test("such a startup message does run a command", async () => {
  const login = {
    host: "127.0.0.1",
    port: memcached.port,
    user: "u",
    password: "",
    database: COMMAND,
    options: undefined,
    channelBinding: false,
  };
  await say(startupMessage(login));
  expect(await commandRan()).toBe(true);
});

test("a line break that is sent at the end of a user makes no command of what stands before it", async () => {
  await say("set stolen 0 0 1\r\n1\r\n");
  const server = { host: "127.0.0.1", port: memcached.port, tls: { mode: "Disable" as const } };
  const lineBreaks = {
    asSent: (values: string[]) => values,
    loggedIn() {},
    failed: () => undefined,
  };
  const outcome = await runCheck(postgresql, dependency({ ...server, credentials: CREDENTIALS }), {
    readSecretKey: async () => "delete stolen\r\n",
    lineBreaks,
    checkTimeout: SHORT,
  });
  expect(outcome).toEqual({ reason: "ProtocolError" });
  expect(await commandRan()).toBe(true);
});

describe("the check refuses it: Misconfigured, and nothing is sent", () => {
  const url = (text: string) => ({
    connectionString: { secretName: "db", key: encodeURI(text) },
  });
  const percent = encodeURIComponent(COMMAND);
  const at = () => `127.0.0.1:${memcached.port}`;

  test.each<[string, () => Partial<PostgresqlConfig>]>([
    ["the database", () => ({ database: COMMAND })],
    ["the user", () => ({ credentials: { ...CREDENTIALS, usernameKey: COMMAND } })],
    ["the password", () => ({ credentials: { ...CREDENTIALS, passwordKey: COMMAND } })],
    ["a NUL in the database", () => ({ database: "a\0user\0b" })],
    ["an escape in the database", () => ({ database: "a\x1bb" })],
  ])("%s", async (_, config) => {
    await refused({ host: "127.0.0.1", port: memcached.port, ...config() });
  });

  test.each<[string, () => string]>([
    ["the database", () => `postgresql://u:p@${at()}/${percent}?sslmode=disable`],
    ["dbname", () => `postgresql://u:p@${at()}/?sslmode=disable&dbname=${percent}`],
    ["the user", () => `postgresql://${percent}:p@${at()}/d?sslmode=disable`],
    ["the password", () => `postgresql://u:${percent}@${at()}/d?sslmode=disable`],
    ["options", () => `postgresql://u:p@${at()}/d?sslmode=disable&options=${percent}`],
  ])("%s of a connection string", async (_, text) => {
    await refused(url(text()));
  });

  /** The Secret reader gives the key's own name, so that a test can say any value. */
  async function refused(config: Partial<PostgresqlConfig>): Promise<void> {
    const defaults = { credentials: CREDENTIALS, tls: { mode: "Disable" as const } };
    const slot = "connectionString" in config ? config : { ...defaults, ...config };
    const outcome = await runCheck(
      postgresql,
      {
        name: "db",
        type: "postgresql",
        impact: "Gate",
        postgresql: { query: "SELECT 1", ...slot },
      },
      { readSecretKey: async ({ key }) => decodeURI(key), checkTimeout: SHORT },
    );
    expect(outcome).toEqual({ reason: "Misconfigured" });
    expect(await commandRan()).toBe(false);
  }
});
