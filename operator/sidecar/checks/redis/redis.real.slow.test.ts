import { once } from "node:events";
import { connect, type Socket } from "node:net";
import { afterAll, afterEach, beforeAll, describe, expect, test } from "@jest/globals";
import type { RedisConfig } from "../../../api/policy-file.ts";
import { startMemcached } from "../memcached/testing/real-memcached.ts";
import { closedPort, SHORT } from "../testing/contract.ts";
import type { RealServer } from "../testing/real-server.ts";
import { createRedisFolder, type RedisFolder, say } from "./testing/real-redis.ts";
import { certificates, credentials, run, SECRET } from "./testing/redis-subject.ts";

/** Two servers, each of which startRealServer waits for 20 s at most. */
const START_TIMEOUT = 60_000;
const UP = { success: { tls: false } };

let folder: RedisFolder;
let server: RealServer;
beforeAll(() => {
  folder = createRedisFolder();
});
afterAll(() => folder?.remove());

const ask = (config: RedisConfig = {}, checkTimeout?: number) =>
  run({ port: server.port, ...config }, checkTimeout);

async function outcomesBecome(expected: object): Promise<void> {
  for (let tries = 0; tries < 100; tries += 1) {
    if (JSON.stringify(await ask()) === JSON.stringify(expected)) return;
  }
  expect(await ask()).toEqual(expected);
}

describe("real Redis without a password", () => {
  beforeAll(async () => {
    server = await folder.start();
  }, START_TIMEOUT);
  afterAll(() => server?.stop());

  test.each<[string, RedisConfig]>([
    ["nobody logs in", {}],
    ["its name", { host: "localhost" }],
  ])("%s: up", async (_, config) => {
    expect(await ask(config)).toEqual(UP);
  });

  test("a password that it does not want: AuthenticationFailed, as for the app", async () => {
    const outcome = await ask({ credentials: credentials("password") });
    expect(outcome).toEqual({ reason: "AuthenticationFailed" });
  });

  test("TLS on a port that has none is not taken for up", async () => {
    // It waits for the end of a line, unless the handshake happens to hold one.
    const outcome = await ask({ tls: { mode: "Require" } }, SHORT);
    expect(outcome).toEqual({ reason: expect.stringMatching(/^(CheckTimeout|TLSFailed)$/) });
  });

  test("a stopped one is silent: CheckTimeout; then it works again; it dies: ConnectionClosed", async () => {
    server.signal("SIGSTOP");
    expect(await ask({}, SHORT)).toEqual({ reason: "CheckTimeout" });
    server.signal("SIGCONT");
    expect(await ask()).toEqual(UP);

    server.signal("SIGSTOP");
    const asked = ask();
    setTimeout(() => server.signal("SIGKILL"), SHORT / 2);
    expect(await asked).toEqual({ reason: "ConnectionClosed" });
    await server.stop();
    expect(await ask()).toEqual({ reason: "ConnectionRefused" });
  });
});

describe("real Redis with passwords", () => {
  beforeAll(async () => {
    const web = ["--user", "web", "on", ">pencil", "+ping"];
    const mute = ["--user", "mute", "on", ">pencil", "+get"];
    server = await folder.start(["--requirepass", "pencil", ...web, ...mute]);
    SECRET.mute = "mute";
    SECRET.url = `redis://web:pencil@127.0.0.1:${server.port}/0`;
    SECRET.default_url = `redis://:pencil@localhost:${server.port}`;
    SECRET.wrong_url = `redis://web:wrong@127.0.0.1:${server.port}`;
  }, START_TIMEOUT);
  afterAll(() => server?.stop());

  test.each([
    ["the default user's password", credentials("password")],
    ["a user and a password", credentials("password", "username")],
  ])("%s: up", async (_, login) => {
    expect(await ask({ credentials: login })).toEqual(UP);
  });

  test.each([
    ["a wrong password", credentials("wrong")],
    ["a wrong password of a user", credentials("wrong", "username")],
    ["a user that does not exist", credentials("password", "wrong")],
    ["a user without the right to ask", credentials("password", "mute")],
    ["no login", undefined],
  ])("%s: AuthenticationFailed", async (_, login) => {
    const outcome = await ask({ ...(login && { credentials: login }) });
    expect(outcome).toEqual({ reason: "AuthenticationFailed" });
  });

  test.each([
    ["url", UP],
    ["default_url", UP],
    ["wrong_url", { reason: "AuthenticationFailed" }],
  ])("the connection string %s: %j", async (key, expected) => {
    expect(await run({ connectionString: { secretName: "cache", key } })).toEqual(expected);
  });
});

describe("real Redis that wants certificates of its clients", () => {
  beforeAll(async () => {
    server = await folder.startTls(certificates.server("localhost"), "yes");
  }, START_TIMEOUT);
  afterAll(() => server?.stop());

  test("TLSFailed each time, though it closes before it has read all that was written", async () => {
    const outcomes = [];
    for (let check = 0; check < 25; check += 1) {
      outcomes.push(await ask({ tls: { mode: "Require" } }));
    }
    expect(outcomes).toEqual(Array(25).fill({ reason: "TLSFailed" }));
  });
});

describe("real Redis with TLS", () => {
  beforeAll(async () => {
    server = await folder.startTls(certificates.server("localhost"));
    SECRET.tls_url = `rediss://localhost:${server.port}`;
    SECRET.unverified_url = `${SECRET.tls_url}?ssl_cert_reqs=none`;
  }, START_TIMEOUT);
  afterAll(() => server?.stop());

  const verify = (key: string): NonNullable<RedisConfig["tls"]> => ({
    mode: "VerifyFull",
    caSecret: { secretName: "cache", key },
  });
  const url = (key: string) => ({ host: "", connectionString: { secretName: "cache", key } });

  test.each<[string, RedisConfig, object]>([
    ["Require", { tls: { mode: "Require" } }, { success: { tls: true } }],
    [
      "the right authority and name",
      { host: "localhost", tls: verify("ca") },
      { success: { tls: true } },
    ],
    [
      "the wrong authority",
      { host: "localhost", tls: verify("stranger") },
      { reason: "TLSFailed" },
    ],
    [
      "the public authorities",
      { host: "localhost", tls: { mode: "VerifyFull" } },
      { reason: "TLSFailed" },
    ],
    ["the wrong name", { tls: verify("ca") }, { reason: "TLSFailed" }],
    ["rediss", url("tls_url"), { reason: "TLSFailed" }],
    [
      "rediss and an authority",
      { ...url("tls_url"), tls: verify("ca") },
      { success: { tls: true } },
    ],
    ["rediss that verifies nothing", url("unverified_url"), { success: { tls: true } }],
    // It hangs up, or says so in TLS.
    ["in clear", {}, { reason: expect.stringMatching(/^(ConnectionClosed|ProtocolError)$/) }],
  ])("%s: %j", async (_, config, expected) => {
    expect(await ask(config)).toEqual(expected);
  });
});

/** The one who waited for the server to start may hold the place for a moment yet. */
async function takeOnlyPlace(): Promise<Socket> {
  for (;;) {
    const socket = connect(server.port, "127.0.0.1");
    socket.on("error", () => {});
    socket.write("PING\r\n");
    const [chunk] = await once(socket, "data");
    if (String(chunk) === "+PONG\r\n") return socket;
    socket.destroy();
  }
}

describe("a real Redis that is not well", () => {
  afterEach(() => server?.stop());

  test(
    "no place left: TooManyConnections; one given back: up",
    async () => {
      server = await folder.start(["--maxclients", "1"]);
      const holder = await takeOnlyPlace();
      expect(await ask()).toEqual({ reason: "TooManyConnections" });
      holder.destroy();
      await outcomesBecome(UP);
    },
    START_TIMEOUT,
  );

  test(
    "reading its data: ServerStarting; then up",
    async () => {
      server = await folder.start();
      for (let key = 0; key < 200; key += 1) await say(server, `SET key-${key} ${"x".repeat(100)}`);
      expect(await say(server, "SAVE")).toBe("+OK\r\n");
      await server.stop();
      // 10 ms for each key, and ears for others meanwhile.
      const slowly = [
        "--key-load-delay",
        "10000",
        "--loading-process-events-interval-bytes",
        "1024",
      ];
      server = await folder.start(slowly);
      expect(await ask()).toEqual({ reason: "ServerStarting" });
      await outcomesBecome(UP);
    },
    START_TIMEOUT,
  );

  test(
    "a replica without its master answers, stale or not: up",
    async () => {
      const replica = ["--replicaof", `127.0.0.1 ${await closedPort()}`];
      server = await folder.start([...replica, "--replica-serve-stale-data", "no"]);
      expect(await say(server, "GET key")).toContain("-MASTERDOWN");
      expect(await ask()).toEqual(UP);
      await server.stop();
      server = await folder.start(replica);
      expect(await say(server, "SET key x")).toContain("-READONLY");
      expect(await ask()).toEqual(UP);
    },
    START_TIMEOUT,
  );
});

describe("real memcached in its place", () => {
  let memcached: RealServer;
  beforeAll(async () => {
    memcached = await startMemcached();
    SECRET.flush = "flush_all";
  }, START_TIMEOUT);
  afterAll(() => memcached?.stop());

  test("a password that is a command there never gets there: ProtocolError", async () => {
    const said = (text: string) => say(memcached, text);
    expect(await said("set key 0 0 1\r\nx")).toBe("STORED\r\n");
    const outcome = await run({ port: memcached.port, credentials: credentials("flush", "flush") });
    expect(outcome).toEqual({ reason: "ProtocolError" });
    expect(await said("get key")).toContain("VALUE key");
    // It would have worked: a word of a command in RESP is a line, and a line is a command there.
    expect(await said("*2\r\n$4\r\nAUTH\r\n$9\r\nflush_all")).toContain("ERROR");
    expect(await said("get key")).toBe("END\r\n");
  });
});
