/** With Prefer, who refuses the handshake: the server, and is asked in clear, or the check, and no login is made. */
import { connect, type Socket } from "node:net";
import { afterEach, beforeAll, expect, jest, test } from "@jest/globals";
import { resolutionOf } from "../network/testing/resolution-of.ts";
import { eventually, leavingNothing, type Outcome, runCheck } from "../testing/contract.ts";
import { startFakeServer } from "../testing/fake-server.ts";
import { MAX_CERTIFICATES } from "../tls/certificate-rule.ts";
import { MAX_HANDSHAKE_BYTES, MAX_HANDSHAKE_RECORDS } from "../tls/start-tls.ts";
import { bytesOf, chainOfExponents, chainOfSize } from "../tls/testing/costly-chains.ts";
import { slowDown } from "../tls/testing/slow-down.ts";
import { startChainServer } from "../tls/testing/tls-server.ts";
import { createPostgresql, postgresql } from "./postgresql.ts";
import {
  answerStartup,
  fatal,
  isSslRequest,
  refuseHandshake,
  servePostgresql,
} from "./testing/fake-postgresql.ts";
import { certificates, dependency, readSecretKey } from "./testing/postgresql-subject.ts";

const HONEST = certificates.server("localhost");
/** So that a single record of a handshake takes longer than all of one may. */
const SLOWNESS = 10_000;

afterEach(() => {
  jest.restoreAllMocks();
});
// Loaded when the first handshake begins, which is to be no slower than the others.
beforeAll(() => import("../tls/start-tls.ts"));

/** What came of `checks` of a server that says yes to TLS, `shakeHands` then, and takes every login in clear. */
async function against(shakeHands: (socket: Socket) => void, checks = 1) {
  let asked = 0;
  let inClear = 0;
  const server = await startFakeServer((socket) => {
    socket.once("data", (first: Buffer) => {
      if (isSslRequest(first)) {
        asked += 1;
        socket.write("S");
        shakeHands(socket);
      } else {
        inClear += 1;
        servePostgresql(socket);
        socket.emit("data", first);
      }
    });
  });
  const subject = dependency({ port: server.port });
  const options = { readSecretKey, comesBackInClear: true };
  const outcomes: Outcome[] = [];
  try {
    for (let check = 0; check < checks; check += 1) {
      outcomes.push(await runCheck(postgresql, subject, options));
    }
  } finally {
    await server.close();
  }
  return { outcomes, asked, inClear };
}

/** The same with openssl's server behind it. */
async function againstTls(certificate: typeof HONEST, args: string[], checks?: number) {
  const server = await startChainServer(certificate, args);
  try {
    return await against((socket) => {
      const behind = connect(server.port, "127.0.0.1");
      behind.on("error", () => socket.destroy());
      socket.on("error", () => behind.destroy());
      socket.pipe(behind).pipe(socket);
    }, checks);
  } finally {
    await server.close();
  }
}

test("a handshake that takes too much of the CPU, and those that may not begin for it: nothing in clear", async () => {
  slowDown(SLOWNESS);
  const refused = { reason: "TLSFailed" };
  expect(await againstTls(HONEST, [], 3)).toEqual({
    outcomes: [refused, refused, refused],
    asked: 3,
    inClear: 0,
  });
});

const TOO_LONG = chainOfSize(4, 4_200);

test.each([
  ["more certificates than may come", chainOfSize(MAX_CERTIFICATES + 1, 400)],
  ["a key that may not come", chainOfExponents(1, 2_048)],
  ["more bytes than may come", TOO_LONG],
])("%s: nothing in clear", async (_, certificate) => {
  expect(bytesOf(TOO_LONG)).toBeGreaterThan(MAX_HANDSHAKE_BYTES);
  for (const version of ["-tls1_2", "-tls1_3"]) {
    expect(await againstTls(certificate, [version])).toEqual({
      outcomes: [{ reason: "TLSFailed" }],
      asked: 1,
      inClear: 0,
    });
  }
});

test("more records than may come: nothing in clear", async () => {
  // The head of a message of 1,000 bytes, which come one by one.
  const bytes = [2, 0, 3, 232, ...Array<number>(MAX_HANDSHAKE_RECORDS).fill(3)];
  const records = Buffer.from(bytes.flatMap((byte) => [22, 3, 3, 0, 1, byte]));
  const outcome = await against((socket) => socket.once("data", () => socket.write(records)));
  expect(outcome).toEqual({ outcomes: [{ reason: "TLSFailed" }], asked: 1, inClear: 0 });
});

test.each([
  ["an older version alone", ["-tls1_1"]],
  ["another key exchange alone", ["-tls1_3", "-groups", "ffdhe2048"]],
])("a server that has %s refuses the handshake itself: in clear", async (_, args) => {
  expect(await againstTls(HONEST, args)).toEqual({
    outcomes: [{ success: { tls: false } }],
    asked: 1,
    inClear: 1,
  });
});

test("a handshake that fails: Prefer comes back in clear, to the same address", async () => {
  const lookedUp = { ...resolutionOf("127.0.0.1"), outdate: jest.fn() };
  const hosts: string[] = [];
  const check = createPostgresql(async (host) => {
    hosts.push(host);
    return lookedUp;
  });
  const options = { readSecretKey, comesBackInClear: true };
  const fake = await startFakeServer(refuseHandshake(servePostgresql));
  const subject = dependency({ host: "db.test", port: fake.port });
  try {
    const outcome = await leavingNothing(() => runCheck(check, subject, options));
    expect(outcome).toEqual({ success: { tls: false } });
    expect(await eventually(fake.sawClose)).toBe(true);
    expect(fake.accepted()).toBe(2);
    expect(lookedUp.outdate).not.toHaveBeenCalled();
    expect(hosts).toStrictEqual(["db.test", "127.0.0.1"]);
  } finally {
    await fake.close();
  }
});

test("a handshake that is refused by a server that starts: ServerStarting, which no login in clear would change", async () => {
  const fake = await startFakeServer(refuseHandshake(answerStartup(fatal("57P03"))));
  try {
    const outcome = await runCheck(postgresql, dependency({ port: fake.port }), {
      readSecretKey,
      comesBackInClear: true,
    });
    expect(outcome).toEqual({ reason: "ServerStarting" });
  } finally {
    await fake.close();
  }
});
