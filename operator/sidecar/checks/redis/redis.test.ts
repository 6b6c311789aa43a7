import type { Socket } from "node:net";
import { describe, expect, test } from "@jest/globals";
import type { RedisConfig } from "../../../api/policy-file.ts";
import { describeContract, eventually, SHORT } from "../testing/contract.ts";
import { startFakeServer, writeForEver } from "../testing/fake-server.ts";
import { describeDirectTls } from "../tls/testing/tls-contract.ts";
import { createRedis, redis } from "./redis.ts";
import { credentials, dependency, readSecretKey, run } from "./testing/redis-subject.ts";

const PONG = "+PONG\r\n";

const serve = (socket: Socket) => socket.on("data", () => socket.write(PONG));

describeContract({
  create: createRedis,
  dependency,
  readSecretKey,
  serve,
  answer: Buffer.from(PONG),
  // Nothing of a right answer may come twice; this one never ends.
  repeatable: Buffer.from("+PONG"),
  failure: (reason) => ({ reason }),
});

describeDirectTls({
  check: redis,
  dependency: (endpoint, tls) =>
    dependency({ ...endpoint, tls: tls as NonNullable<RedisConfig["tls"]> }),
  serve,
});

/** Replies to the commands one after the other; remembers what they were. */
function replying(...replies: string[]) {
  const heard: string[] = [];
  const serveReplies = (socket: Socket) => {
    const left = [...replies];
    socket.on("data", (chunk) => {
      heard.push(chunk.toString("latin1"));
      const reply = left.shift();
      if (reply !== undefined) socket.write(reply);
    });
  };
  return { heard, serveReplies };
}

async function against(
  onConnection: (socket: Socket) => void,
  config: RedisConfig = {},
  checkTimeout?: number,
) {
  const fake = await startFakeServer(onConnection);
  try {
    const outcome = await run({ port: fake.port, ...config }, checkTimeout);
    expect(await eventually(fake.sawClose)).toBe(true);
    return outcome;
  } finally {
    await fake.close();
  }
}

const UP = { success: { tls: false } };
const WITH_LOGIN = { credentials: credentials("password", "username") };
const PING = "*1\r\n$4\r\nPING\r\n";
const NOAUTH = "-NOAUTH Authentication required.\r\n";
const NOAUTH_OF_PIKA = "-ERR NOAUTH Authentication required.\r\n";

describe("the conversation", () => {
  test("without a login is PING alone", async () => {
    const { heard, serveReplies } = replying(PONG);
    expect(await against(serveReplies)).toEqual(UP);
    expect(heard).toEqual([PING]);
  });

  test.each([
    [
      "a password",
      { credentials: credentials("password") },
      "*2\r\n$4\r\nAUTH\r\n$6\r\npencil\r\n",
    ],
    ["a user", WITH_LOGIN, "*3\r\n$4\r\nAUTH\r\n$3\r\nweb\r\n$6\r\npencil\r\n"],
  ])("with %s logs in between two PINGs", async (_, config, auth) => {
    for (const first of [NOAUTH, NOAUTH_OF_PIKA, PONG]) {
      const { heard, serveReplies } = replying(first, "+OK\r\n", PONG);
      expect(await against(serveReplies, config)).toEqual(UP);
      expect(heard).toEqual([PING, auth, PING]);
    }
  });

  test.each([
    ["another protocol", "ERROR\r\n", "ProtocolError"],
    ["a server that starts", "-LOADING Redis is loading\r\n", "ServerStarting"],
    ["a full one", "-ERR max number of clients reached\r\n", "TooManyConnections"],
    ["a protected one", "-DENIED Redis is running in protected mode\r\n", "AuthenticationFailed"],
    ["a reply that PING has not", "+OK\r\n", "InvalidResponse"],
  ])("%s is told no password: %s %s", async (_, reply, reason) => {
    const { heard, serveReplies } = replying(reply);
    expect(await against(serveReplies, WITH_LOGIN)).toEqual({ reason });
    expect(heard).toEqual([PING]);
  });

  test.each([
    ["refuses the login", [NOAUTH, "-WRONGPASS invalid\r\n"], "AuthenticationFailed"],
    ["wants a login that the policy has not", [NOAUTH], "AuthenticationFailed"],
    ["starts after the login", [NOAUTH, "+OK\r\n", "-LOADING x\r\n"], "ServerStarting"],
    ["answers AUTH by two replies", [NOAUTH, `+OK\r\n${PONG}`], "ProtocolError"],
  ])("a server that %s", async (_, replies, reason) => {
    const config = replies.length === 1 ? {} : WITH_LOGIN;
    expect(await against(replying(...replies).serveReplies, config)).toEqual({ reason });
  });

  test("silence after the login: CheckTimeout", async () => {
    const { serveReplies } = replying(NOAUTH, "+OK\r\n");
    expect(await against(serveReplies, WITH_LOGIN, SHORT)).toEqual({ reason: "CheckTimeout" });
  });

  test.each([
    ["hangs up", "end"],
    ["resets", "resetAndDestroy"],
  ] as const)(
    "a server that %s instead of a reply to AUTH: ConnectionClosed",
    async (_, method) => {
      const outcome = await against(
        (socket) =>
          socket.on("data", (chunk) =>
            chunk.includes("PING") ? socket.write(NOAUTH) : socket[method](),
          ),
        WITH_LOGIN,
      );
      expect(outcome).toEqual({ reason: "ConnectionClosed" });
    },
  );

  test("an error without end: ProtocolError", async () => {
    const outcome = await against((socket) => {
      socket.write("-ERR ");
      writeForEver(socket, Buffer.from("x"));
    });
    expect(outcome).toEqual({ reason: "ProtocolError" });
  });
});

describe("configuration", () => {
  test.each<[string, RedisConfig, string]>([
    ["a metadata address", { host: "169.254.169.254", port: 6379 }, "Misconfigured"],
    ["a port out of range", { port: 0 }, "Misconfigured"],
    ["a key that is missing", { port: 1, credentials: credentials("none") }, "CredentialsMissing"],
  ])("%s: %j %s", async (_, config, reason) => {
    expect(await run(config)).toEqual({ reason });
  });
});
