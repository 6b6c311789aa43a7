/** A chain of certificates within all bounds that nevertheless keeps the program of a slow machine busy. */

import { generateKeyPairSync } from "node:crypto";
import { once } from "node:events";
import { connect as openSocket } from "node:net";
import { afterAll, beforeAll, expect, jest, test } from "@jest/globals";
import { reasonOfError } from "../reason-of-error.ts";
import { createCertificates } from "../testing/certificates.ts";
import { PATIENT } from "../testing/contract.ts";
import { type FakeServer, startFakeServer } from "../testing/fake-server.ts";
import { MAX_CERTIFICATES } from "./certificate-rule.ts";
import { secure } from "./secure.ts";
import { MAX_HANDSHAKE_BYTES } from "./start-tls.ts";
import { bytesOf, chainOfCurves } from "./testing/costly-chains.ts";
import { slowDown } from "./testing/slow-down.ts";
import { startChainServer } from "./testing/tls-server.ts";

const publicKey = generateKeyPairSync("ec", { namedCurve: "P-521" }).publicKey.export({
  type: "spki",
  format: "der",
});
const COSTLY = chainOfCurves(MAX_CERTIFICATES - 1, publicKey);
/** How many times as long a handshake takes: the costliest chain then takes too long, also by code that is warm. */
const SLOWNESS = 20;

/** Stands before a server and counts what clients send. */
interface Gate {
  port: number;
  /** Bytes from the client on each connection so far. */
  sent: number[];
}
const started: { close(): Promise<void> }[] = [];
afterAll(() => Promise.all(started.map((server) => server.close())));

async function gateBefore(port: number): Promise<Gate> {
  const sent: number[] = [];
  const gate: FakeServer = await startFakeServer((client) => {
    const index = sent.push(0) - 1;
    const server = openSocket(port, "127.0.0.1");
    server.on("error", () => client.destroy());
    client.on("data", (chunk: Buffer) => {
      sent[index] = (sent[index] ?? 0) + chunk.length;
    });
    client.pipe(server).pipe(client);
    client.on("error", () => server.destroy()).on("close", () => server.destroy());
  });
  started.push(gate);
  return { port: gate.port, sent };
}

/** Under the name `host`, at the host `dialled`, which stand for others than they are. */
async function shakeHands({ port }: Gate, dialled?: string, host = "localhost"): Promise<string> {
  const socket = openSocket(port, "127.0.0.1");
  socket.on("error", () => {});
  await once(socket, "connect");
  const signal = AbortSignal.timeout(PATIENT);
  try {
    await secure(
      socket,
      { mode: "Require", secureContext: undefined },
      { host, ...(dialled !== undefined && { dialled }), signal },
    );
    return "secure";
  } catch (error) {
    return reasonOfError(error);
  } finally {
    socket.destroy();
  }
}

async function slowly<T>(work: () => Promise<T>): Promise<T> {
  slowDown(SLOWNESS);
  try {
    return await work();
  } finally {
    jest.restoreAllMocks();
  }
}

let costly: Gate;
let honest: Gate;
beforeAll(async () => {
  const chainServer = await startChainServer(COSTLY, []);
  const { cert, key } = createCertificates().server("localhost");
  const plainServer = await startChainServer({ cert, key }, []);
  started.push(chainServer, plainServer);
  costly = await gateBefore(chainServer.port);
  honest = await gateBefore(plainServer.port);
});

test("its first handshake is TLSFailed, and the next ones fail before they begin; others go on", async () => {
  expect(bytesOf(COSTLY)).toBeLessThan(MAX_HANDSHAKE_BYTES);
  expect(await slowly(() => shakeHands(costly))).toBe("TLSFailed");
  for (const _ of [1, 2, 3]) {
    expect(await slowly(() => shakeHands(costly))).toBe("TLSFailed");
    expect(await shakeHands(honest)).toBe("secure");
  }
  expect(costly.sent).toStrictEqual([expect.any(Number), 0, 0, 0]);
  expect(costly.sent[0]).toBeGreaterThan(0);
});

test("is told from another server of the same name and port by the host that was dialled", async () => {
  expect(await slowly(() => shakeHands(costly, "a.test"))).toBe("TLSFailed");
  const sent = costly.sent.length;
  expect(await slowly(() => shakeHands(costly, "b.test"))).toBe("TLSFailed");
  // It was tried, as one of which nothing is known.
  expect(costly.sent[sent]).toBeGreaterThan(0);
  expect(await slowly(() => shakeHands(costly, "a.test"))).toBe("TLSFailed");
  expect(costly.sent[sent + 1]).toBe(0);
});

test("is told from another one behind the same front by the name that it is asked by", async () => {
  const front = "front.test";
  expect(await slowly(() => shakeHands(costly, front, "costly.test"))).toBe("TLSFailed");
  const sent = costly.sent.length;
  expect(await shakeHands(costly, front, "honest.test")).toBe("secure");
  expect(await slowly(() => shakeHands(costly, front, "costly.test"))).toBe("TLSFailed");
  expect(costly.sent[sent + 1]).toBe(0);
});

test("a conversation that has begun by then ends in order, before the server is told of a handshake", async () => {
  expect(await slowly(() => shakeHands(costly, "e.test"))).toBe("TLSFailed");
  const socket = openSocket(costly.port, "127.0.0.1");
  await once(socket, "connect");
  const steps: unknown[] = [];
  const secured = secure(
    socket,
    { mode: "Require", secureContext: undefined },
    {
      host: "localhost",
      dialled: "e.test",
      offersTls: async () => true,
      announceTls: () => steps.push("announced"),
      endInOrder: async (stream) => {
        steps.push(stream);
      },
      signal: AbortSignal.timeout(PATIENT),
    },
  );
  await expect(secured).rejects.toMatchObject({ reason: "TLSFailed" });
  expect(steps).toStrictEqual([socket]);
  socket.destroy();
});

test("an honest server stays so where the kernel takes long meanwhile, as for pages that memory has no room for", async () => {
  const real = process.threadCpuUsage.bind(process);
  let calls = 0;
  jest.spyOn(process, "threadCpuUsage").mockImplementation((before) => {
    const { user, system } = real();
    calls += 1;
    const inKernel = system + calls * 100_000;
    return { user: user - (before?.user ?? 0), system: inKernel - (before?.system ?? 0) };
  });
  try {
    for (const _ of [1, 2, 3]) expect(await shakeHands(honest, "f.test")).toBe("secure");
  } finally {
    jest.restoreAllMocks();
  }
  expect(calls).toBeGreaterThan(0);
});

async function cpuOf(work: () => Promise<unknown>): Promise<number> {
  const before = process.threadCpuUsage();
  await work();
  const { user, system } = process.threadCpuUsage(before);
  return (user + system) / 1_000;
}

test("of six handshakes at once with such a server one alone is worked through", async () => {
  const six = () =>
    slowly(() => Promise.all(Array.from({ length: 6 }, () => shakeHands(costly, "c.test"))));
  const one = await cpuOf(() => slowly(() => shakeHands(costly, "d.test")));
  expect(
    await cpuOf(async () => expect(new Set(await six())).toEqual(new Set(["TLSFailed"]))),
  ).toBeLessThan(4 * one);
  expect(costly.sent.slice(-6).every((bytes) => bytes > 0)).toBe(true);
});
