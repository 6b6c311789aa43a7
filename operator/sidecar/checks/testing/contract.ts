/** Test fixture: what every check must do with a dependency that misbehaves. */
import { getEventListeners } from "node:events";
import { createServer as createHttpServer } from "node:http";
import { createServer, type Server, type Socket } from "node:net";
import { setTimeout as sleep } from "node:timers/promises";
import { createServer as createTlsServer } from "node:tls";
import { afterAll, beforeAll, describe, expect, test } from "@jest/globals";
import type { DependencyConfig } from "../../../api/policy-file.ts";
import type { Reason } from "../../../api/reasons.ts";
import { type Check, type CheckContext, CheckError, type CheckSuccess } from "../check.ts";
import type { Endpoint } from "../network/connect.ts";
import type { Resolve } from "../network/resolve.ts";
import { resolutionOf } from "../network/testing/resolution-of.ts";
import { reasonOfError } from "../reason-of-error.ts";
import { BLACK_HOLE_START, type BlackHole, openBlackHole } from "./black-hole.ts";
import { createCertificates } from "./certificates.ts";
import {
  drip,
  type FakeServer,
  startFakeServer,
  trackServer,
  writeForEver,
} from "./fake-server.ts";

/** One dependency type under test. */
export interface ContractSubject {
  create(resolve: Resolve): Check;
  /** The configuration of a dependency at `endpoint`. */
  dependency(endpoint: Endpoint): DependencyConfig;
  readSecretKey: CheckContext["readSecretKey"];
  /** Whether the server says the first word. Those that wait for a client's are then silent. */
  serverSpeaksFirst?: boolean;
  /** Serves one connection as the real server would. */
  serve(socket: Socket): void;
  /** A right answer, whose bytes are then sent one a second. */
  answer: Buffer;
  /** A part of a right answer that may come any number of times. */
  repeatable: Buffer;
  /** How a failure of the only server reads. */
  failure(reason: Reason): Outcome;
  /** Which of the foreign protocols below is its own. */
  speaks?: "HTTP" | "memcached";
  /** An accepted connection is all that it asks for: whatever the server does then, it is up. */
  acceptedIsUp?: true;
}

/** What a check came to. */
export type Outcome = { success: CheckSuccess } | { reason: Reason; detail?: string };

/** How long a check may take, in milliseconds: long, so that only the fault decides on a busy machine. */
export const PATIENT = 3_000;
/** For faults that last until the deadline. */
export const SHORT = 700;
/** A byte a second needs a longer check to be more than one byte. */
const DRIP = 1_300;
/** What of a check its connect may take: enough for loopback on a busy machine. */
const CONNECT_SHARE = 0.6;
/** What a busy machine may add to a deadline, and the time within which everything must be cleaned up. */
const GRACE = 500;

/** TLS alert "unexpected message": what most TLS servers say to something that is no TLS. */
const TLS_ALERT = Buffer.from([21, 3, 3, 0, 2, 2, 10]);

/** A lookup that knows IP literals and `unknown.test`, which has no address. */
const resolveForTest: Resolve = async (host) => {
  if (host === "unknown.test") throw new CheckError("HostNotFound");
  return resolutionOf(host);
};

/** Runs one check as the sidecar does, asserts its deadline, and gives its outcome. */
export async function runCheck(
  check: Check,
  dependency: DependencyConfig,
  options: Pick<CheckContext, "readSecretKey" | "lineBreaks" | "onTarget" | "onConnect"> & {
    checkTimeout?: number;
    /** It succeeds in clear after a handshake. */
    comesBackInClear?: boolean;
  },
): Promise<Outcome> {
  const checkTimeout = options.checkTimeout ?? PATIENT;
  const deadline = new AbortController();
  const timer = setTimeout(() => deadline.abort(), checkTimeout);
  const started = performance.now();
  let handshakes = 0;
  const onHandshake = () => {
    handshakes += 1;
  };
  let connecting = 0;
  const onConnect = (cpuMilliseconds: number) => {
    connecting += cpuMilliseconds;
    options.onConnect?.(cpuMilliseconds);
  };
  try {
    const result = await outcome(
      check.run(dependency, {
        signal: deadline.signal,
        connectTimeoutMilliseconds: checkTimeout * CONNECT_SHARE,
        remainingMilliseconds: () => checkTimeout - (performance.now() - started),
        readSecretKey: options.readSecretKey,
        lineBreaks: options.lineBreaks,
        onTarget: options.onTarget,
        onConnect,
        onHandshake,
      }),
    );
    // Whoever encrypts or connects has to say what that costs: checks that are costly keep apart.
    if ("success" in result) {
      expect(handshakes).toBe(result.success.tls || options.comesBackInClear ? 1 : 0);
      expect(connecting).toBeGreaterThan(0);
    }
    return result;
  } finally {
    clearTimeout(timer);
    expect(performance.now() - started).toBeLessThan(checkTimeout + GRACE);
    // What still listens would be kept, with its socket, for as long as the signal.
    await eventually(() => getEventListeners(deadline.signal, "abort").length === 0);
    expect(getEventListeners(deadline.signal, "abort")).toHaveLength(0);
  }
}

async function outcome(result: Promise<CheckSuccess>): Promise<Outcome> {
  try {
    return { success: await result };
  } catch (error) {
    const detail = error instanceof CheckError ? error.detail : undefined;
    return { reason: reasonOfError(error), ...(detail === undefined ? {} : { detail }) };
  }
}

/** Waits until `condition` holds, for as long as cleaning up may take; says in the end whether it does. */
export async function eventually(condition: () => boolean): Promise<boolean> {
  const end = performance.now() + GRACE;
  while (!condition() && performance.now() < end) await sleep(10);
  return condition();
}

/** How many handles and requests of each kind keep this process awake. */
function activeResources(): Map<string, number> {
  const counts = new Map<string, number>();
  for (const kind of process.getActiveResourcesInfo()) {
    counts.set(kind, (counts.get(kind) ?? 0) + 1);
  }
  return counts;
}

function excess(before: Map<string, number>): string[] {
  return [...activeResources()]
    .filter(([kind, count]) => count > (before.get(kind) ?? 0))
    .map(([kind]) => kind);
}

/** Closing takes a turn of the event loop or two: what still closes now must not hide a leak later. */
async function quietResources(): Promise<Map<string, number>> {
  const text = () => JSON.stringify([...activeResources()].sort());
  let last = "";
  await eventually(() => {
    const same = text() === last;
    last = text();
    return same;
  });
  return activeResources();
}

/** Runs `body` and asserts that it leaves no socket, timer or lookup behind. */
export async function leavingNothing<T>(body: () => Promise<T>): Promise<T> {
  const before = await quietResources();
  const result = await body();
  await eventually(() => excess(before).length === 0);
  expect(excess(before)).toEqual([]);
  return result;
}

type Fault = [name: string, expected: Reason, start: () => Promise<FakeServer>];

/** Describes the contract for one dependency type. */
export function describeContract(subject: ContractSubject): void {
  const check = subject.create(resolveForTest);
  const certificates = createCertificates();

  const run = (endpoint: Endpoint, checkTimeout = PATIENT) =>
    leavingNothing(() =>
      runCheck(check, subject.dependency(endpoint), {
        readSecretKey: subject.readSecretKey,
        checkTimeout,
      }),
    );

  /** Runs the check against a fake and asserts that the fake saw one connection come and go. */
  async function runAgainst(fake: FakeServer, checkTimeout?: number): Promise<Outcome> {
    try {
      const result = await run({ host: "127.0.0.1", port: fake.port }, checkTimeout);
      expect(await eventually(fake.sawClose)).toBe(true);
      expect(fake.accepted()).toBe(1);
      return result;
    } finally {
      await fake.close();
    }
  }

  const answered = (reason: Reason): Outcome =>
    subject.acceptedIsUp ? { success: {} } : subject.failure(reason);

  const onceAsked: Reason = subject.serverSpeaksFirst ? "CheckTimeout" : "ProtocolError";
  const faults: Fault[] = [
    ["closes at once", "ConnectionClosed", () => startFakeServer((socket) => socket.end())],
    [
      "dies in the middle of its answer",
      "ConnectionClosed",
      () => startFakeServer((socket) => socket.end(half(subject.answer))),
    ],
    [
      "resets at once",
      "ConnectionClosed",
      () => startFakeServer((socket) => socket.resetAndDestroy()),
    ],
    ["speaks HTTP", onceAsked, () => trackServer(createHttpServer())],
    [
      "speaks memcached",
      onceAsked,
      () => startFakeServer((socket) => socket.once("data", () => socket.write("ERROR\r\n"))),
    ],
    [
      "speaks TLS and says so",
      onceAsked,
      () => startFakeServer((socket) => socket.once("data", () => socket.end(TLS_ALERT))),
    ],
    [
      // OpenSSL hangs up without a word.
      "speaks TLS",
      subject.serverSpeaksFirst ? onceAsked : "ConnectionClosed",
      () => trackServer(createTlsServer(certificates.server("localhost")) as Server),
    ],
    [
      "never stops talking",
      "ProtocolError",
      () => startFakeServer((socket) => writeForEver(socket, subject.repeatable)),
    ],
    [
      "sends zeros without end",
      "ProtocolError",
      () => startFakeServer((socket) => writeForEver(socket, Buffer.alloc(16_384))),
    ],
  ];

  describe("contract", () => {
    let blackHole: BlackHole;
    beforeAll(async () => {
      blackHole = await openBlackHole();
    }, BLACK_HOLE_START);
    afterAll(() => blackHole?.close());

    test("healthy: succeeds", async () => {
      const fake = await startFakeServer(subject.serve);
      expect(await runAgainst(fake)).toHaveProperty("success");
    });

    // A reset may arrive before the connection is seen to be open; either is right where nothing is read.
    const left = subject.acceptedIsUp ? "resets at once" : `speaks ${subject.speaks}`;
    test.each(faults.filter(([name]) => name !== left))(
      "a server that %s: %s",
      async (_, expected, start) => {
        const checkTimeout = expected === "CheckTimeout" ? SHORT : PATIENT;
        expect(await runAgainst(await start(), checkTimeout)).toEqual(answered(expected));
      },
    );

    test("a server that accepts and stays silent: CheckTimeout", async () => {
      const fake = await startFakeServer(() => {});
      expect(await runAgainst(fake, SHORT)).toEqual(answered("CheckTimeout"));
    });

    test("a server that answers one byte a second: CheckTimeout", async () => {
      const fake = await startFakeServer((socket) => drip(socket, subject.answer));
      expect(await runAgainst(fake, DRIP)).toEqual(answered("CheckTimeout"));
      expect(fake.written()).toBeGreaterThan(subject.acceptedIsUp ? 0 : 1);
    });

    test("a closed port: ConnectionRefused", async () => {
      const port = await closedPort();
      expect(await run({ host: "127.0.0.1", port })).toEqual(subject.failure("ConnectionRefused"));
    });

    test("a black hole: ConnectTimeout", async () => {
      const endpoint = { host: "127.0.0.1", port: blackHole.port };
      expect(await run(endpoint, SHORT)).toEqual(subject.failure("ConnectTimeout"));
    });

    test("a name that does not resolve: HostNotFound", async () => {
      const endpoint = { host: "unknown.test", port: 1 };
      expect(await run(endpoint)).toEqual(subject.failure("HostNotFound"));
    });
  });
}

const half = (bytes: Buffer) => bytes.subarray(0, bytes.length / 2);

/** A port that nobody listens on: the last one that was free a moment ago. */
export async function closedPort(): Promise<number> {
  const fake = await trackServer(createServer());
  await fake.close();
  return fake.port;
}
