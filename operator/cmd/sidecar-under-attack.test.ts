/**
 * What anyone who reaches a pod can do to its sidecar, against the bundle with the flags of the image.
 * Its heap is bounded by them; a limit on memory and CPU as in a pod is the end-to-end suite's.
 */
import { once } from "node:events";
import { mkdir, mkdtemp, readFile, rm, writeFile } from "node:fs/promises";
import { createServer, type Server } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { afterAll, beforeAll, beforeEach, expect, jest, test } from "@jest/globals";
import { LIVE_PATH, METRICS_PATH, READY_PATH, STATUS_PATH } from "../api/names.ts";
import { POLICY_FILE_FORMAT, type WrittenPolicyFile } from "../api/policy-file.ts";
import { TIMING } from "../api/testing/timing.ts";
import { rawClient } from "../sidecar/testing/raw-client.ts";
import {
  bundleSidecar,
  end,
  flagsOfTheImage,
  get,
  type Program,
  startSidecar,
} from "./testing/sidecar-program.ts";

const PATHS = [LIVE_PATH, READY_PATH, STATUS_PATH, METRICS_PATH];
/** Longest answer to a probe that the kubelet waits for by default, in milliseconds. */
const PROBE_TIMEOUT = 5_000;
/** A crash by pipelined requests took less than half a second. */
const AFTERWARDS = 1_500;
/** How much more memory than before an attack may take, in bytes: half of a pod's limit of 64 MiB. */
const MORE_MEMORY = 32 * 1024 * 1024;
/** The kubelet comes from another address. */
const ATTACKER = { localAddress: "127.0.0.3" };

jest.setTimeout(90_000);

let directory: string;
let database: Server;
let program: Program;
let checks: number;

beforeAll(async () => {
  directory = await mkdtemp(join(tmpdir(), "sidecar-attack-"));
  database = createServer((socket) => {
    checks += 1;
    socket.on("error", () => {});
    socket.on("data", () => socket.write("STAT pid 1\r\nEND\r\n"));
  });
  database.listen(0, "127.0.0.1");
  await once(database, "listening");
  const address = database.address();
  const port = typeof address === "object" && address ? address.port : 0;
  const sessions = {
    name: "sessions",
    type: "memcached",
    impact: "Gate" as const,
    memcached: { servers: [{ host: "127.0.0.1", port }], minAvailable: 1 },
  };
  const policy: WrittenPolicyFile = {
    formatVersion: POLICY_FILE_FORMAT,
    policy: "web",
    generation: 1,
    timing: TIMING,
    dependencies: [sessions],
  };
  const paths = { configPath: join(directory, "config"), statePath: join(directory, "state") };
  await Promise.all(Object.values(paths).map((path) => mkdir(path)));
  await writeFile(join(paths.configPath, "policy.json"), JSON.stringify(policy));
  const file = join(directory, "sidecar.cjs");
  await bundleSidecar(file);
  const flags = await flagsOfTheImage();
  program = await startSidecar({ ...paths, file, flags }, (started) => {
    program = started;
  });
});
afterAll(async () => {
  if (program && runs()) await end(program, "SIGKILL");
  database?.close();
  await rm(directory, { recursive: true });
});
beforeEach(() => {
  checks = 0;
});

/** Whether the program still runs: it must not even be started anew. */
const runs = () => (program.child.exitCode ?? program.child.signalCode) === null;

/** Memory that is the program's own, in bytes: without the pages of files, which the kernel can drop. */
async function ownMemory(): Promise<number> {
  const status = await readFile(`/proc/${program.child.pid}/status`, "utf8");
  return Number(/^RssAnon:\s+(\d+) kB$/m.exec(status)?.[1]) * 1_024;
}

/** Probes as a kubelet does until `attack` is over; gives every answer that is not the right one. */
async function probesDuring(attack: Promise<unknown>) {
  const failed: string[] = [];
  let over = false;
  const ended = attack.then(() => {
    over = true;
  });
  const before = await ownMemory();
  let highest = before;
  while (!over && runs()) {
    const slow = sleep(PROBE_TIMEOUT, "timed out", { ref: false });
    const answer = await Promise.race([get(program).catch(String), slow]);
    if (answer !== "200 ok") failed.push(answer);
    highest = Math.max(highest, await ownMemory());
    await sleep(200);
  }
  await ended;
  return { failed, moreMemory: highest - before };
}

/** Sends one request after another over `seconds`, each on a connection of its own. */
async function flood(perSecond: number, seconds: number): Promise<number> {
  const startedAt = performance.now();
  const closed: Promise<string>[] = [];
  while (closed.length < perSecond * seconds) {
    const due = Math.ceil(((performance.now() - startedAt) / 1_000) * perSecond);
    while (closed.length < Math.min(due, perSecond * seconds)) {
      const path = PATHS[closed.length % PATHS.length];
      closed.push(rawClient(program.port, `GET ${path} HTTP/1.1\r\n\r\n`, ATTACKER).closed);
    }
    await sleep(10);
  }
  await Promise.all(closed);
  return closed.length;
}

test.each(PATHS)("40 connections with 62 KB of requests for %s each", async (path) => {
  const request = `GET ${path} HTTP/1.1\r\nHost: x\r\n\r\n`;
  const requests = request.repeat(Math.ceil(62_000 / request.length));
  const clients = Array.from({ length: 40 }, () => rawClient(program.port, requests, ATTACKER));
  const { failed, moreMemory } = await probesDuring(
    Promise.all(clients.map(({ closed }) => closed)).then(() => sleep(AFTERWARDS)),
  );
  expect(runs()).toBe(true);
  expect(failed).toStrictEqual([]);
  expect(moreMemory).toBeLessThan(MORE_MEMORY);
});

test("a thousand requests a second for ten seconds", async () => {
  const { failed, moreMemory } = await probesDuring(flood(1_000, 10));
  expect(runs()).toBe(true);
  expect(failed).toStrictEqual([]);
  expect(moreMemory).toBeLessThan(MORE_MEMORY);
  // One is due every 4.5 to 5 s.
  expect(checks).toBeGreaterThanOrEqual(2);
  expect(await get(program, METRICS_PATH)).toContain("healthpolicy_pod_ready 1\n");
});
