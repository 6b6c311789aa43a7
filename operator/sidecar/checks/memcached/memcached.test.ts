import { once } from "node:events";
import type { Socket } from "node:net";
import { afterAll, beforeAll, describe, expect, test } from "@jest/globals";
import type { DependencyConfig, MemcachedServer } from "../../../api/policy-file.ts";
import { resolutionOf } from "../network/testing/resolution-of.ts";
import { BLACK_HOLE_START, openBlackHole } from "../testing/black-hole.ts";
import {
  closedPort,
  describeContract,
  leavingNothing,
  PATIENT,
  runCheck,
  SHORT,
} from "../testing/contract.ts";
import { type FakeServer, startFakeServer } from "../testing/fake-server.ts";
import { createMemcached, memcached } from "./memcached.ts";

const STATS = "STAT pid 1\r\nSTAT version 1.6.18\r\nEND\r\n";

const noSecrets = async (): Promise<string> => {
  throw new Error("memcached has no Secret");
};

function dependency(servers: MemcachedServer[], minAvailable = servers.length): DependencyConfig {
  return {
    name: "sessions",
    type: "memcached",
    impact: "Gate",
    memcached: { servers, minAvailable },
  };
}

interface RunOptions {
  minAvailable?: number;
  checkTimeout?: number;
}

const run = (
  servers: MemcachedServer[],
  { minAvailable, checkTimeout = PATIENT }: RunOptions = {},
) =>
  leavingNothing(() =>
    runCheck(memcached, dependency(servers, minAvailable), {
      readSecretKey: noSecrets,
      checkTimeout,
    }),
  );

const at = (...ports: number[]) => ports.map((port) => ({ host: "127.0.0.1", port }));

describeContract({
  create: createMemcached,
  dependency: (endpoint) => dependency([endpoint]),
  readSecretKey: noSecrets,
  serve: (socket) => socket.on("data", () => socket.write(STATS)),
  answer: Buffer.from(STATS),
  repeatable: Buffer.from("STAT pid 1\r\n"),
  failure: (reason) => ({ reason: "TooFewServers", detail: `servers[0]=${reason}` }),
  speaks: "memcached",
});

describe("fake servers", () => {
  test.each([
    "ERROR\r\n",
    "SERVER_ERROR out of memory\r\n",
    "CLIENT_ERROR unauthenticated, or so\r\n",
    "END\r\n",
  ])("the answer %j is an InvalidResponse", async (answer) => {
    const fake = await startFakeServer((socket) => socket.write(answer));
    const detail = "servers[0]=InvalidResponse";
    expect(await run(at(fake.port))).toEqual({ reason: "TooFewServers", detail });
    await fake.close();
  });

  test("one that asks for a password: AuthenticationFailed, which takes no running pod out", async () => {
    const fake = await startFakeServer((socket) =>
      socket.write("CLIENT_ERROR unauthenticated\r\n"),
    );
    const detail = "servers[0]=AuthenticationFailed";
    expect(await run(at(fake.port))).toEqual({ reason: "AuthenticationFailed", detail });
    await fake.close();
  });

  describe("servers that are full", () => {
    const FULL = "ERROR Too many open connections\r\n";
    const fakes: FakeServer[] = [];
    let healthy = 0;
    let full = 0;
    let refused = 0;
    beforeAll(async () => {
      fakes.push(await startFakeServer((socket) => socket.write(STATS)));
      fakes.push(await startFakeServer((socket) => socket.end(FULL)));
      [healthy = 0, full = 0] = fakes.map((fake) => fake.port);
      refused = await closedPort();
    });
    afterAll(() => Promise.all(fakes.map((fake) => fake.close())));

    test("one alone: TooManyConnections, which takes no running pod out", async () => {
      const detail = "servers[0]=TooManyConnections";
      expect(await run(at(full))).toEqual({ reason: "TooManyConnections", detail });
    });

    test("one too few without it: TooManyConnections, and every other that is down is named", async () => {
      const detail = "servers[0]=ConnectionRefused servers[2]=TooManyConnections";
      const ring = at(refused, healthy, full);
      expect(await run(ring, { minAvailable: 2 })).toEqual({
        reason: "TooManyConnections",
        detail,
      });
      expect(await run(ring, { minAvailable: 1 })).toEqual({ success: { detail } });
    });

    test("too few even with it: TooFewServers", async () => {
      const detail = "servers[0]=TooManyConnections servers[1]=ConnectionRefused";
      expect(await run(at(full, refused))).toEqual({ reason: "TooFewServers", detail });
    });
  });

  test("many servers at once: a silent one among them is named, and the others are not lost", async () => {
    const healthy = await startFakeServer((socket) => socket.write(STATS));
    const silent = await startFakeServer(() => {});
    const servers = at(healthy.port, silent.port, await closedPort(), healthy.port);
    const detail = "servers[1]=CheckTimeout servers[2]=ConnectionRefused";
    const checkTimeout = SHORT;
    const tooFew = await run(servers, { minAvailable: 3, checkTimeout });
    expect(tooFew).toEqual({ reason: "TooFewServers", detail });
    expect(await run(servers, { minAvailable: 2, checkTimeout })).toEqual({ success: { detail } });
    await Promise.all([healthy.close(), silent.close()]);
  });

  test("a caller that waits no longer than the deadline still learns who was silent", async () => {
    const silent = await startFakeServer(() => {});
    const deadline = new AbortController();
    const tooLate = once(deadline.signal, "abort").then(() => "too late");
    const timer = setTimeout(() => deadline.abort(), SHORT);
    const result = memcached.run(dependency(at(silent.port)), {
      signal: deadline.signal,
      connectTimeoutMilliseconds: SHORT / 2,
      remainingMilliseconds: () => SHORT,
      readSecretKey: noSecrets,
    });
    await expect(Promise.race([tooLate, result])).rejects.toMatchObject({
      detail: "servers[0]=CheckTimeout",
    });
    clearTimeout(timer);
    await silent.close();
  });

  test("a deadline that fires early still tells what is known", async () => {
    const healthy = await startFakeServer((socket) => socket.write(STATS));
    const silent = await startFakeServer(() => {});
    const deadline = new AbortController();
    setTimeout(() => deadline.abort(), 150);
    const result = memcached.run(dependency(at(healthy.port, silent.port)), {
      signal: deadline.signal,
      connectTimeoutMilliseconds: 3_000,
      remainingMilliseconds: () => 4_000,
      readSecretKey: noSecrets,
    });
    await expect(result).rejects.toMatchObject({
      reason: "TooFewServers",
      detail: "servers[1]=CheckTimeout",
    });
    await Promise.all([healthy.close(), silent.close()]);
  });

  test(
    "one in a black hole is told from a silent one, however close the two times are",
    async () => {
      const hole = await openBlackHole();
      const result = memcached.run(dependency(at(hole.port)), {
        signal: AbortSignal.timeout(SHORT + 50),
        connectTimeoutMilliseconds: SHORT,
        remainingMilliseconds: () => SHORT + 50,
        readSecretKey: noSecrets,
      });
      await expect(result).rejects.toMatchObject({ detail: "servers[0]=ConnectTimeout" });
      await hole.close();
    },
    BLACK_HOLE_START,
  );

  describe("a ring takes no more than a check may, its servers a share each", () => {
    /** What becomes of so many servers of one ring, each of which does this. */
    async function ringOf(count: number, onConnection: (socket: Socket) => void) {
      const fake = await startFakeServer(onConnection);
      try {
        return await run(at(...Array(count).fill(fake.port)));
      } finally {
        await fake.close();
      }
    }
    /** Answers with so many bytes. */
    const answer = (bytes: number) => (socket: Socket) => {
      socket.write(`STAT a ${"1".repeat(bytes - 14)}\r\nEND\r\n`);
    };
    const tooMuch = (count: number) => ({
      reason: "TooFewServers",
      detail: Array.from({ length: count }, (_, index) => `servers[${index}]=ProtocolError`).join(
        " ",
      ),
    });

    test.each([
      [1, 64],
      [4, 16],
      [8, 8],
      [16, 8],
    ])("of %i servers %i KiB", async (count, kibibytes) => {
      const bytes = kibibytes * 1_024;
      expect(await ringOf(count, answer(bytes))).toEqual({ success: {} });
      expect(await ringOf(count, answer(bytes + 1))).toEqual(tooMuch(count));
    });

    test("of 16 servers 16 pieces", async () => {
      const pieces = (most: number) => (socket: Socket) => {
        let written = 0;
        const timer = setInterval(() => {
          written += 1;
          // More than one END is an answer to a question of nobody.
          socket.write(written < most ? "STAT a 1\r\n" : "END\r\n");
        }, 5);
        socket.on("close", () => clearInterval(timer));
      };
      expect(await ringOf(16, pieces(16))).toEqual({ success: {} });
      expect(await ringOf(16, pieces(100))).toEqual(tooMuch(16));
    });
  });

  test.each([
    [1, [], "up in spite of one that answers wrongly: no name server is asked for that sooner"],
    [2, ["wrong.test"], "down: those that answer wrongly may be elsewhere by now"],
  ])(
    "a ring that needs %i of two servers outdates %j: it is %s",
    async (minAvailable, expected) => {
      const wrong = await startFakeServer((socket) => socket.write("ERROR\r\n"));
      const right = await startFakeServer((socket) => socket.write(STATS));
      const outdated: string[] = [];
      const check = createMemcached(async (host) => ({
        ...resolutionOf("127.0.0.1"),
        outdate: () => outdated.push(host),
      }));
      const servers = [
        { host: "right.test", port: right.port },
        { host: "wrong.test", port: wrong.port },
      ];
      await runCheck(check, dependency(servers, minAvailable), { readSecretKey: noSecrets });
      expect(outdated).toStrictEqual(expected);
      await Promise.all([wrong.close(), right.close()]);
    },
  );

  test.each([
    ["ERROR Too many open connections\r\n", "TooManyConnections"],
    ["CLIENT_ERROR unauthenticated\r\n", "AuthenticationFailed"],
  ])(
    "a ring that is well and says %j outdates no name, whose lookups nothing would pace",
    async (line, reason) => {
      const fake = await startFakeServer((socket) => socket.write(line));
      const outdated: string[] = [];
      const check = createMemcached(async (host) => ({
        ...resolutionOf("127.0.0.1"),
        outdate: () => outdated.push(host),
      }));
      const ring = dependency([{ host: "full.test", port: fake.port }]);
      const outcome = await runCheck(check, ring, { readSecretKey: noSecrets });
      expect(outcome).toMatchObject({ reason });
      expect(outdated).toStrictEqual([]);
      await fake.close();
    },
  );

  test("no server configured: Misconfigured", async () => {
    expect(await run([])).toEqual({ reason: "Misconfigured" });
  });

  test("a metadata address is not dialled", async () => {
    const detail = "servers[0]=Misconfigured";
    const servers = [{ host: "169.254.169.254", port: 11211 }];
    expect(await run(servers)).toEqual({ reason: "Misconfigured", detail });
    const result = memcached.run(dependency(servers), {
      signal: AbortSignal.timeout(SHORT),
      connectTimeoutMilliseconds: SHORT / 2,
      remainingMilliseconds: () => SHORT,
      readSecretKey: noSecrets,
    });
    await expect(result).rejects.toMatchObject({ problem: expect.stringContaining("address") });
  });
});
