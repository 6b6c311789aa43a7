import { once } from "node:events";
import { chmod, mkdtemp, rm, writeFile } from "node:fs/promises";
import { connect, type Socket } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, expect, test } from "@jest/globals";
import { eventually, leavingNothing, PATIENT, runCheck, SHORT } from "../testing/contract.ts";
import type { RealServer } from "../testing/real-server.ts";
import { memcached } from "./memcached.ts";
import { startMemcached } from "./testing/real-memcached.ts";

/** Two servers, each of which startRealServer waits for 20 s at most. */
const START_TIMEOUT = 60_000;

const servers: RealServer[] = [];
const clients: Socket[] = [];
afterEach(async () => {
  for (const client of clients.splice(0)) client.destroy();
  await Promise.all(servers.splice(0).map((server) => server.stop()));
});

/** Starts a server with these arguments more. */
async function start(...more: string[]): Promise<RealServer> {
  const server = await startMemcached(...more);
  servers.push(server);
  return server;
}

interface AskOptions {
  minAvailable?: number;
  checkTimeout?: number;
}

/** Checks all servers that were started, as one ring. */
async function ask({ minAvailable = servers.length, checkTimeout = PATIENT }: AskOptions = {}) {
  const ring = servers.map(({ port }) => ({ host: "127.0.0.1", port }));
  const readSecretKey = async (): Promise<string> => {
    throw new Error("memcached has no Secret");
  };
  return await runCheck(
    memcached,
    {
      name: "sessions",
      type: "memcached",
      impact: "Gate",
      memcached: { servers: ring, minAvailable },
    },
    { readSecretKey, checkTimeout },
  );
}

test(
  "up, then one stopped by a signal, then up, then one gone",
  async () => {
    const first = await start();
    const second = await start();
    expect(await leavingNothing(ask)).toEqual({ success: {} });

    second.signal("SIGSTOP");
    const silent = "servers[1]=CheckTimeout";
    const checkTimeout = SHORT;
    expect(await ask({ checkTimeout })).toEqual({ reason: "TooFewServers", detail: silent });
    expect(await ask({ minAvailable: 1, checkTimeout })).toEqual({ success: { detail: silent } });
    second.signal("SIGCONT");
    expect(await ask()).toEqual({ success: {} });

    await first.stop();
    const refused = "servers[0]=ConnectionRefused";
    expect(await leavingNothing(ask)).toEqual({ reason: "TooFewServers", detail: refused });
    expect(await ask({ minAvailable: 1 })).toEqual({ success: { detail: refused } });
  },
  START_TIMEOUT,
);

test(
  "clients hold all connections of a server: TooManyConnections, every time; some given back: up",
  async () => {
    const { port } = await start("-c", "50");
    let refused = false;
    for (let count = 0; count < 60; count += 1) {
      const client = connect(port, "127.0.0.1");
      // It says why before it hangs up.
      client.once("data", () => {
        refused = true;
      });
      client.on("error", () => {});
      clients.push(client);
      await once(client, "connect");
    }
    expect(await eventually(() => refused)).toBe(true);
    const detail = "servers[0]=TooManyConnections";
    for (let round = 0; round < 20; round += 1) {
      expect(await ask()).toEqual({ reason: "TooManyConnections", detail });
    }
    for (const client of clients) client.destroy();
    // Until the server has noticed.
    for (let round = 0; round < 100 && "reason" in (await ask()); round += 1);
    expect(await ask()).toEqual({ success: {} });
  },
  START_TIMEOUT,
);

test(
  "a server that asks for a password: AuthenticationFailed",
  async () => {
    const folder = await mkdtemp(join(tmpdir(), "healthpolicy-memcached-"));
    try {
      const file = join(folder, "accounts");
      await writeFile(file, "app:secret\n");
      // The server gives root's rights up before it reads the file.
      await chmod(folder, 0o755);
      await start("-Y", file);
      const detail = "servers[0]=AuthenticationFailed";
      expect(await ask()).toEqual({ reason: "AuthenticationFailed", detail });
    } finally {
      await rm(folder, { recursive: true });
    }
  },
  START_TIMEOUT,
);
