/** A chain of certificates within the bound on bytes that nevertheless keeps the program busy. */

import { once } from "node:events";
import { connect as openSocket } from "node:net";
import { afterAll, beforeAll, expect, test } from "@jest/globals";
import { reasonOfError } from "../reason-of-error.ts";
import { createCertificates } from "../testing/certificates.ts";
import { PATIENT } from "../testing/contract.ts";
import { type FakeServer, startFakeServer } from "../testing/fake-server.ts";
import { secure } from "./secure.ts";
import { MAX_HANDSHAKE_BYTES } from "./start-tls.ts";
import { bytesOf, chainOfExponents } from "./testing/costly-chains.ts";
import { startChainServer } from "./testing/tls-server.ts";

const COSTLY = chainOfExponents(11, 3_072);

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

async function shakeHands({ port }: Gate, dialled?: string): Promise<string> {
  const socket = openSocket(port, "127.0.0.1");
  socket.on("error", () => {});
  await once(socket, "connect");
  const signal = AbortSignal.timeout(PATIENT);
  try {
    await secure(
      socket,
      { mode: "Require", ca: undefined },
      {
        host: "localhost",
        ...(dialled !== undefined && { dialled }),
        signal,
      },
    );
    return "secure";
  } catch (error) {
    return reasonOfError(error);
  } finally {
    socket.destroy();
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
  expect(await shakeHands(costly)).toBe("TLSFailed");
  for (const _ of [1, 2, 3]) {
    expect(await shakeHands(costly)).toBe("TLSFailed");
    expect(await shakeHands(honest)).toBe("secure");
  }
  expect(costly.sent).toStrictEqual([expect.any(Number), 0, 0, 0]);
  expect(costly.sent[0]).toBeGreaterThan(0);
});

test("is told from another server of the same name and port by the host that was dialled", async () => {
  expect(await shakeHands(costly, "a.test")).toBe("TLSFailed");
  const sent = costly.sent.length;
  expect(await shakeHands(costly, "b.test")).toBe("TLSFailed");
  // It was tried, as one of which nothing is known.
  expect(costly.sent[sent]).toBeGreaterThan(0);
  expect(await shakeHands(costly, "a.test")).toBe("TLSFailed");
  expect(costly.sent[sent + 1]).toBe(0);
});

async function cpuOf(work: () => Promise<unknown>): Promise<number> {
  const before = process.threadCpuUsage();
  await work();
  const { user, system } = process.threadCpuUsage(before);
  return (user + system) / 1_000;
}

test("of six handshakes at once with such a server one alone is worked through", async () => {
  const six = () => Promise.all(Array.from({ length: 6 }, () => shakeHands(costly, "c.test")));
  const one = await cpuOf(() => shakeHands(costly, "d.test"));
  expect(
    await cpuOf(async () => expect(new Set(await six())).toEqual(new Set(["TLSFailed"]))),
  ).toBeLessThan(3 * one);
  expect(costly.sent.slice(-6).every((bytes) => bytes > 0)).toBe(true);
});
