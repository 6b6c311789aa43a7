import type { ServerResponse } from "node:http";
import { setTimeout as sleep } from "node:timers/promises";
import { afterEach, beforeEach, expect, jest, test } from "@jest/globals";
import { pino } from "pino";
import { type Candidate, type LeaseTimes, runForLease } from "./lease.ts";
import {
  clientOf,
  type FakeApi,
  refuse,
  reply,
  type Seen,
  startFakeApi,
  until,
} from "./testing/fake-api-server.ts";

// Machines that run everything at once are slow; what is measured, is measured in the tests.
jest.setTimeout(30_000);

// No multiple of three, as the real one: a third of it is no whole number of milliseconds.
const TIMES: LeaseTimes = { leaseDuration: 2_000, renewDeadline: 1_250, retryPeriod: 50 };
const log = pino({ level: "silent" });

interface Stored {
  metadata: { name?: string; resourceVersion: string };
  spec?: {
    holderIdentity?: string;
    leaseTransitions?: number;
    leaseDurationSeconds?: number;
    acquireTime?: string;
    renewTime?: string;
  };
}

let lease: Stored | undefined;
let version: number;
/** How the API server is broken: it says nothing, or answers every call with an error. */
let broken: "no" | "silent" | "silent once" | "500";
let api: FakeApi;
const candidates: Candidate[] = [];

/** A write as the API server takes it: only of what was read last. */
function update(sent: Stored, response: ServerResponse): void {
  if (sent.metadata.resourceVersion !== lease?.metadata.resourceVersion) {
    refuse(response, 409, "Conflict");
    return;
  }
  version += 1;
  lease = { ...sent, metadata: { ...sent.metadata, resourceVersion: String(version) } };
  reply(response, 200, lease);
}

function answer({ method, body }: Seen, response: ServerResponse): void {
  const sent = body as Stored;
  if (method === "PATCH") {
    lease ??= { metadata: { ...sent.metadata, resourceVersion: String(version) } };
  }
  if (method === "PUT") update(sent, response);
  else if (lease) reply(response, 200, lease);
  else refuse(response, 404, "NotFound");
}

beforeEach(async () => {
  lease = undefined;
  version = 1;
  broken = "no";
  api = await startFakeApi((seen, response) => {
    if (broken === "no") answer(seen, response);
    if (broken === "silent once") broken = "no";
    if (broken === "500") refuse(response, 500, "InternalError");
  });
});

afterEach(async () => {
  broken = "no";
  await Promise.all(candidates.splice(0).map((candidate) => candidate.stop()));
  await api.close();
});

interface Run {
  candidate: Candidate;
  /** What the candidate did as a leader. */
  events: string[];
}

interface RunOptions {
  log?: Parameters<typeof runForLease>[0]["log"];
  slowToStop?: number;
  give?: () => boolean;
  ready?: () => Promise<void>;
  times?: LeaseTimes;
}

function run(identity: string, options: RunOptions = {}): Run {
  const events: string[] = [];
  const candidate = runForLease({
    client: clientOf(api.url),
    namespace: "system",
    name: "operator",
    identity,
    times: options.times ?? TIMES,
    ready: options.ready ?? (async () => undefined),
    log: options.log ?? log,
    lead: async (signal) => {
      events.push("start");
      while (!signal.aborted && !options.give?.()) await sleep(5);
      await sleep(options.slowToStop ?? 0);
      events.push("end");
    },
  });
  candidates.push(candidate);
  return { candidate, events };
}

test("of two candidates one leads, and goes on renewing", async () => {
  const runs = [run("a"), run("b")];
  await until("somebody leads", () => runs.some(({ events }) => events.length > 0));
  await sleep(TIMES.leaseDuration + 300);
  expect(runs.map(({ candidate }) => candidate.isLeader()).sort()).toEqual([false, true]);
  expect(runs.flatMap(({ events }) => events)).toEqual(["start"]);
  expect(lease?.spec?.leaseTransitions).toBe(1);
});

test("a leader that stops ends its work, gives the lease back, and another takes it at once", async () => {
  const first = run("a", { slowToStop: 50 });
  await until("a leads", () => first.candidate.isLeader());
  const second = run("b");
  await sleep(100);
  expect(second.events).toEqual([]);
  const stop = first.candidate.stop();
  await sleep(20);
  // The work has not ended yet: nobody else may begin.
  expect(lease?.spec?.holderIdentity).toBe("a");
  await stop;
  expect(first.events).toEqual(["start", "end"]);
  const stoppedAt = performance.now();
  await until("b leads", () => second.candidate.isLeader());
  expect(performance.now() - stoppedAt).toBeLessThan(TIMES.leaseDuration / 2);
});

test("a leader that vanishes is followed after the lease's duration, not before", async () => {
  lease = {
    metadata: { resourceVersion: "1" },
    spec: { holderIdentity: "gone", leaseDurationSeconds: 3, leaseTransitions: 4 },
  };
  const startedAt = performance.now();
  const second = run("b");
  await until("b leads", () => second.candidate.isLeader());
  // The time that the holder wrote into the lease, not our own.
  expect(performance.now() - startedAt).toBeGreaterThan(3_000);
  expect(lease?.spec?.leaseTransitions).toBe(5);
});

test.each(["silent", "500"] as const)(
  "a leader that cannot renew (%s) steps down before the lease can be taken, and leads again later",
  async (how) => {
    const only = run("a");
    await until("a leads", () => only.candidate.isLeader());
    broken = how;
    const brokenAt = performance.now();
    await until("a has stepped down", () => only.events.includes("end"));
    const took = performance.now() - brokenAt;
    expect(took).toBeLessThan(TIMES.leaseDuration);
    expect(took).toBeGreaterThan(TIMES.renewDeadline / 2);
    broken = "no";
    await until("a leads again", () => only.events.length === 3);
  },
);

test("one failed renewal is no reason to step down", async () => {
  const only = run("a");
  await until("a leads", () => only.candidate.isLeader());
  broken = "500";
  await sleep(100);
  broken = "no";
  await sleep(TIMES.renewDeadline + 100);
  expect(only.events).toEqual(["start"]);
});

test("a leader whose lease was taken steps down", async () => {
  const only = run("a");
  await until("a leads", () => only.candidate.isLeader());
  version += 1;
  lease = {
    metadata: { resourceVersion: String(version) },
    spec: { holderIdentity: "thief", leaseDurationSeconds: 60 },
  };
  const takenAt = performance.now();
  await until("a has stepped down", () => only.events.includes("end"));
  // At the next attempt, not only when the renewal is overdue.
  expect(performance.now() - takenAt).toBeLessThan(TIMES.renewDeadline * 0.75);
  await only.candidate.stop();
  // What is another's is not given back.
  expect(lease?.spec?.holderIdentity).toBe("thief");
});

test("work that ends by itself gives up the lead", async () => {
  let give = false;
  const only = run("a", { give: () => give });
  await until("a leads", () => only.candidate.isLeader());
  give = true;
  await until("a has stepped down", () => only.events.includes("end"));
});

test("the lease is made without a POST, whose right no name can limit", async () => {
  const only = run("a");
  await until("a leads", () => only.candidate.isLeader());
  expect(api.seen.map(({ method }) => method)).not.toContain("POST");
  expect(api.seen.every(({ path }) => path.endsWith("/leases/operator"))).toBe(true);
});

test("work that ends by itself gives the lease to others, and a pause to the API server", async () => {
  const times = { leaseDuration: 20_000, renewDeadline: 15_000, retryPeriod: 10_000 };
  const first = run("a", { give: () => true, times });
  await until("the lease is given back", () => lease?.spec?.holderIdentity === "");
  await sleep(200);
  // Once: read, made, taken; read, given back.
  expect(api.seen.map(({ method }) => method)).toEqual(["GET", "PATCH", "PUT", "GET", "PUT"]);
  expect(first.events).toEqual(["start", "end"]);
  const second = run("b");
  await until("b leads", () => second.candidate.isLeader());
});

test("who cannot lead yet does not ask for the lease, and can be stopped", async () => {
  const synced = Promise.withResolvers<void>();
  const slow = run("a", { ready: () => synced.promise });
  await sleep(100);
  expect(api.seen).toEqual([]);
  synced.resolve();
  await until("a leads", () => slow.candidate.isLeader());
});

test("stopping does not wait for a renewal that nobody answers", async () => {
  const times = { leaseDuration: 40_000, renewDeadline: 30_000, retryPeriod: 50 };
  const only = run("a", { times });
  await until("a leads", () => only.candidate.isLeader());
  broken = "silent once";
  await until("a renewal is under way", () => broken === "no");
  const stoppedAt = performance.now();
  await only.candidate.stop();
  // Each call may take 10 s.
  expect(performance.now() - stoppedAt).toBeLessThan(5_000);
  expect(lease?.spec?.holderIdentity).toBe("");
});

test("the same error gives its stack once, and again after a success", async () => {
  const logged: unknown[] = [];
  const silent = () => undefined;
  const warn = (fields: { err?: unknown }) => logged.push(fields.err);
  broken = "500";
  const only = run("a", { log: { info: silent, warn, error: silent } as never });
  await until("two failures", () => logged.length >= 2);
  broken = "no";
  await until("a leads", () => only.candidate.isLeader());
  const before = logged.length;
  broken = "500";
  await until("another failure", () => logged.length > before);
  expect(logged[0]).toBeInstanceOf(Error);
  expect(logged[1]).toStrictEqual({ message: expect.stringContaining("500 InternalError") });
  expect(logged[before]).toBeInstanceOf(Error);
});

test("a renewal keeps the time at which the lease was taken", async () => {
  const only = run("a");
  await until("a leads", () => only.candidate.isLeader());
  const { acquireTime, renewTime } = lease?.spec ?? {};
  await until("renewed", () => lease?.spec?.renewTime !== renewTime);
  expect(lease?.spec?.acquireTime).toBe(acquireTime);
});

test("every write names its field manager", async () => {
  const only = run("a");
  await until("a leads", () => only.candidate.isLeader());
  await only.candidate.stop();
  const writes = api.seen.filter(({ method }) => method !== "GET");
  expect(new Set(writes.map(({ method }) => method))).toEqual(new Set(["PATCH", "PUT"]));
  const managers = writes.map(({ query }) => query.get("fieldManager"));
  expect(new Set(managers)).toEqual(new Set(["healthpolicy-lease"]));
});
