/**
 * What clients can have the webhook hold in memory before a request of theirs is counted, with the image's settings.
 */
import { type ChildProcess, fork } from "node:child_process";
import { once } from "node:events";
import { connect, type Socket } from "node:net";
import { join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { connect as secureConnect } from "node:tls";
import { afterEach, beforeEach, expect, test } from "@jest/globals";
import { MAX_CONNECTIONS } from "./server.ts";
import { clientHello } from "./testing/tls-client.ts";

const PROGRAM = join(import.meta.dirname, "testing", "webhook-program.ts");
/** Those of the operator in the Dockerfile, and the heap that the chart's limit of 256Mi gives. */
const ARGUMENTS = ["--max-old-space-size=128", "--max-semi-space-size=2", "--expose-gc"];
const ENVIRONMENT = { MALLOC_ARENA_MAX: "1", MALLOC_MMAP_THRESHOLD_: "131072" };
/** Of all connections together, of 256 MiB; 24 MiB are for bodies, 128 for objects. The costliest below took 48. */
const CONNECTIONS_KILOBYTES = 64 * 1024;
const WHOLE_TEST_MILLISECONDS = 60_000;
/** Until what was sent has been read; less than the webhook waits for more of it. */
const READ_MILLISECONDS = 1_000;

let program: ChildProcess;
let port: number;
let clients: Socket[];

beforeEach(async () => {
  clients = [];
  const env = { ...process.env, ...ENVIRONMENT };
  program = fork(PROGRAM, { execPath: process.execPath, execArgv: ARGUMENTS, env });
  [{ port }] = (await once(program, "message")) as [{ port: number }];
});
afterEach(() => {
  for (const client of clients) client.destroy();
  program.kill();
});

async function heldKilobytes(): Promise<number> {
  const answer = once(program, "message");
  program.send("how much?");
  const [kilobytes] = await answer;
  return kilobytes;
}

async function open(): Promise<Socket> {
  const client = connect(port, "127.0.0.1");
  client.on("error", () => undefined);
  clients.push(client);
  await once(client, "connect");
  return client;
}

/** The beginning of a record of this kind, a byte short of as long as one may be. */
function shortRecord(kind: number, message: Buffer): Buffer {
  const record = Buffer.alloc(5 + 16 * 1024 - 1);
  record.set([kind, 3, 3, 64, 0]);
  record.set(message, 5);
  return record;
}

/** The longest hello that OpenSSL takes, its last byte kept back. */
function longestHello(): Buffer {
  const hello = Buffer.alloc(128 * 1024 - 1);
  hello.set([1, 1, 255, 252, 3, 3]);
  const records = Array.from({ length: 8 }, (_, at) => {
    const part = hello.subarray(at * 16 * 1024, (at + 1) * 16 * 1024);
    return [Buffer.of(22, 3, 1, part.length >> 8, part.length & 255), part];
  });
  return Buffer.concat(records.flat());
}

async function establish(): Promise<Socket> {
  const client = await open();
  const secure = secureConnect({ socket: client, rejectUnauthorized: false });
  secure.on("error", () => undefined);
  await once(secure, "secureConnect");
  return client;
}

async function send(bytes: Buffer): Promise<void> {
  (await open()).write(bytes);
}

test.each<[string, () => Promise<void>]>([
  ["keep a byte of the longest first message back", () => send(longestHello())],
  [
    "keep a byte of a first message of 16 KiB back",
    () => send(shortRecord(22, Buffer.of(1, 0, 63, 252))),
  ],
  ["never answer the webhook's first message", async () => send(await clientHello())],
  [
    "keep a byte of the record after that back",
    async () => {
      const client = await open();
      client.write(await clientHello());
      await once(client, "data");
      client.write(shortRecord(22, Buffer.of(16)));
    },
  ],
  [
    "keep a byte of a request's first record back",
    async () => {
      (await establish()).write(shortRecord(23, Buffer.of()));
    },
  ],
])(
  "as many clients as there is room for, that %s, have it hold no more than is set aside for them",
  async (_, attack) => {
    await attack();
    await sleep(READ_MILLISECONDS);
    const before = await heldKilobytes();
    for (let count = 0; count < MAX_CONNECTIONS; count++) await attack();
    await sleep(READ_MILLISECONDS);
    const more = (await heldKilobytes()) - before;
    console.log(`${MAX_CONNECTIONS} clients: ${more} KB more`);
    expect(more).toBeLessThan(CONNECTIONS_KILOBYTES);
  },
  WHOLE_TEST_MILLISECONDS,
);
