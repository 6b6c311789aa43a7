/**
 * What anyone who reaches a pod can do to its sidecar, against the bundle with the flags of the image.
 * Its heap is bounded by them; a limit on memory and CPU as in a pod is the end-to-end suite's.
 */
import { once } from "node:events";
import { mkdir, mkdtemp, readFile, rm, writeFile } from "node:fs/promises";
import { createServer, type Server, type Socket } from "node:net";
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
/** The kubelet comes from another address, 127.0.0.1. */
const ATTACKER = "127.0.0.3";
const TEN_ATTACKERS = Array.from({ length: 10 }, (_, index) => `127.0.0.${index + 2}`);
const SIXTY_ATTACKERS = Array.from({ length: 60 }, (_, index) => `127.0.0.${index + 2}`);
const FOUR_HUNDRED_ATTACKERS = Array.from(
  { length: 400 },
  (_, index) => `127.0.${1 + (index >> 8)}.${index & 255 || 255}`,
);
/** The most that a policy has. */
const DEPENDENCIES = 12;
/** How long a flood lasts, in seconds; the short ones as long as it takes to tell their CPU. */
const FLOOD_SECONDS = 10;
const SHORT_FLOOD_SECONDS = 4;
/** Longest that a client of a flood sends pieces, in milliseconds. */
const PIECES_MILLISECONDS = 1_200;
/**
 * How much more CPU other floods may take than one of a thousand requests a second from one address, which takes a
 * third of what a pod has. CPU time itself varies with what else the machine does.
 */
const MORE_CPU = 2.3;
/** How often the kernel counts the CPU of a process, in a second. */
const TICKS = 100;

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
  const dependencies = Array.from({ length: DEPENDENCIES }, (_, index) => ({
    name: `sessions-${index}`,
    type: "memcached",
    impact: "Gate" as const,
    memcached: { servers: [{ host: "127.0.0.1", port }], minAvailable: 1 },
  }));
  const policy: WrittenPolicyFile = {
    formatVersion: POLICY_FILE_FORMAT,
    policy: "web",
    generation: 1,
    mode: "Enforce",
    timing: TIMING,
    dependencies,
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

/** CPU that the program has used so far, in milliseconds. */
async function cpuUsed(): Promise<number> {
  const stat = await readFile(`/proc/${program.child.pid}/stat`, "utf8");
  // Behind the name, which may hold anything: user and system time are the 14th and 15th fields.
  const fields = stat.slice(stat.lastIndexOf(")") + 2).split(" ");
  return ((Number(fields[11]) + Number(fields[12])) * 1_000) / TICKS;
}

/**
 * Between two probes, in milliseconds: more often than a kubelet's, and yet no more than two in a second.
 * What an address gets in a flooded second is few, and other requests of this test come from the same one.
 */
const PROBE_PERIOD = 500;

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
    await sleep(PROBE_PERIOD);
  }
  await ended;
  return { failed, moreMemory: highest - before };
}

/** What the flood sends at once, at most: a busy machine would otherwise be late with its own probes. */
const AT_ONCE = 50;

interface Flood {
  addresses: readonly string[];
  /** What is sent, in turn. */
  texts: readonly string[];
  seconds: number;
  /** 1,000 unless it is set. */
  perSecond?: number;
  /** Whether pieces of a few bytes follow, as long as the connection is open. */
  inPieces?: boolean;
}

/** Sends a few bytes every 10 ms until the connection is closed. */
function sendPieces(socket: Socket): void {
  socket.setNoDelay(true);
  const pieces = setInterval(() => socket.write("x".repeat(64)), 10);
  const stop = setTimeout(() => socket.destroy(), PIECES_MILLISECONDS);
  socket.once("close", () => {
    clearInterval(pieces);
    clearTimeout(stop);
  });
}

/** So many clients a second, or as many as the machine can be, the texts and addresses in turn. */
async function flood(attack: Flood): Promise<void> {
  const { texts, addresses, seconds, perSecond = 1_000, inPieces = false } = attack;
  const startedAt = performance.now();
  const closed: Promise<string>[] = [];
  for (let passed = 0; passed < seconds * 1_000; passed = performance.now() - startedAt) {
    const end = Math.min((passed * perSecond) / 1_000, closed.length + AT_ONCE);
    while (closed.length < end) {
      const text = texts[closed.length % texts.length] as string;
      const localAddress = addresses[closed.length % addresses.length] as string;
      const client = rawClient(program.port, text, { localAddress, allowHalfOpen: inPieces });
      if (inPieces) sendPieces(client.socket);
      closed.push(client.closed);
    }
    await sleep(10);
  }
  await Promise.all(closed);
}

const requestFor = (path: string) => `GET ${path} HTTP/1.1\r\n\r\n`;

test.each(PATHS)("40 connections with 62 KB of requests for %s each", async (path) => {
  const request = `GET ${path} HTTP/1.1\r\nHost: x\r\n\r\n`;
  const requests = request.repeat(Math.ceil(62_000 / request.length));
  const clients = Array.from({ length: 40 }, () =>
    rawClient(program.port, requests, { localAddress: ATTACKER }),
  );
  const { failed, moreMemory } = await probesDuring(
    Promise.all(clients.map(({ closed }) => closed)).then(() => sleep(AFTERWARDS)),
  );
  expect(runs()).toBe(true);
  expect(failed).toStrictEqual([]);
  expect(moreMemory).toBeLessThan(MORE_MEMORY);
});

/** Floods the sidecar, which must not mind; gives the CPU that it took, in milliseconds a second. */
async function cpuOfFlood(attack: Flood): Promise<number> {
  const cpuBefore = await cpuUsed();
  const { failed, moreMemory } = await probesDuring(flood(attack));
  const cpu = (await cpuUsed()) - cpuBefore;
  expect(runs()).toBe(true);
  expect(failed).toStrictEqual([]);
  expect(moreMemory).toBeLessThan(MORE_MEMORY);
  return cpu / attack.seconds;
}

test("a thousand requests a second for ten seconds, on all paths", async () => {
  const texts = PATHS.map(requestFor);
  await cpuOfFlood({ addresses: [ATTACKER], texts, seconds: FLOOD_SECONDS });
  // Two of each are due, one every 4.5 to 5 s.
  expect(checks).toBeGreaterThanOrEqual(DEPENDENCIES);
  expect(await get(program, METRICS_PATH)).toContain("healthpolicy_pod_ready 1\n");
});

test("many addresses, and pieces, cost little more than a thousand requests a second from one address", async () => {
  const costly = { texts: [requestFor(METRICS_PATH)], seconds: SHORT_FLOOD_SECONDS };
  const one = await cpuOfFlood({ ...costly, addresses: [ATTACKER] });
  const inPieces = {
    addresses: SIXTY_ATTACKERS,
    seconds: SHORT_FLOOD_SECONDS,
    perSecond: 400,
    inPieces: true,
  };
  const cpu = {
    ofTen: await cpuOfFlood({ ...costly, addresses: TEN_ATTACKERS }),
    ofFourHundred: await cpuOfFlood({ ...costly, addresses: FOUR_HUNDRED_ATTACKERS }),
    headInPieces: await cpuOfFlood({ ...inPieces, texts: ["GET /livez HTTP/1.1\r\nA: "] }),
    lineEndsInPieces: await cpuOfFlood({ ...inPieces, texts: ["\r\n\r\n\r\n"] }),
    bodyInPieces: await cpuOfFlood({ ...inPieces, texts: [requestFor(LIVE_PATH)] }),
  };
  const most = Math.max(...Object.values(cpu));
  expect({ one, ...cpu, most: most < MORE_CPU * one }).toStrictEqual({ one, ...cpu, most: true });
});
