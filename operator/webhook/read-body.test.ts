/** Bodies within bounds, each alone and all together. */
import type { IncomingMessage } from "node:http";
import { PassThrough } from "node:stream";
import { expect, test } from "@jest/globals";
import { bytesInFlight, type Hold } from "./bytes-in-flight.ts";
import { BODY_LIMIT_BYTES, bodyReader } from "./read-body.ts";
import { type Turns, takeTurns, type Work } from "./take-turns.ts";

const MEBIBYTE = 1024 * 1024;

/** A body of which `bytes` have arrived so far, and which is not at its end. */
function arriving(bytes: number): PassThrough {
  const stream = new PassThrough({ highWaterMark: 64 * MEBIBYTE });
  stream.write(Buffer.alloc(bytes, "x"));
  return stream;
}

/** A request with this body, which says this length. Its connection is open, or ends with `socket`. */
const request = (stream: PassThrough, bytes?: number, socket = { destroyed: false }) =>
  Object.assign(stream, {
    socket,
    headers: bytes === undefined ? {} : { "content-length": String(bytes) },
  }) as unknown as IncomingMessage;

/** A request whose whole body has arrived. */
function arrived(bytes: number, socket?: { destroyed: boolean }) {
  const stream = arriving(bytes);
  stream.end();
  return request(stream, bytes, socket);
}

const SMALL = { used: "x".repeat(10) };

/** A reader that gives the texts themselves. */
function textReader(hold: Hold, turns: Turns) {
  const read = bodyReader(hold, turns);
  return (of: IncomingMessage) => read(of, (text) => text);
}

/** A reader with an account of its own. */
const reader = (limit = 24 * MEBIBYTE) => textReader(bytesInFlight(limit), takeTurns());

test("gives the text, also where a character is cut between two pieces", async () => {
  const stream = new PassThrough();
  const bytes = Buffer.from("né€");
  const text = reader()(request(stream, bytes.length));
  for (const byte of bytes) stream.write(Buffer.from([byte]));
  stream.end();
  expect(await text).toStrictEqual({ used: "né€" });
});

test("takes a body at the limit and refuses one byte more", async () => {
  const read = reader();
  const body = await read(arrived(BODY_LIMIT_BYTES));
  // Compared here: a difference of three million characters is no help to a reader.
  expect(body && "used" in body && body.used === "x".repeat(BODY_LIMIT_BYTES)).toBe(true);
  expect(await read(arrived(BODY_LIMIT_BYTES + 1))).toStrictEqual({ status: 413 });
});

test("refuses a body of which the length is not said, without waiting for its end", async () => {
  const stream = arriving(10);
  expect(await reader()(request(stream))).toStrictEqual({ status: 411 });
  expect(stream.destroyed).toBe(false);
});

test("refuses in time what is far too large", async () => {
  const stream = arriving(20 * MEBIBYTE);
  expect(await reader()(request(stream, 1e12))).toStrictEqual({ status: 413 });
  expect(stream.destroyed).toBe(false);
});

test("gives nothing when the client goes away", async () => {
  const stream = arriving(10);
  const body = reader()(request(stream, 20));
  stream.destroy(new Error("reset"));
  expect(await body).toBeUndefined();
});

test("bounds what many clients hold together, and refuses a large body, not the next small one", async () => {
  const read = reader();
  const slow = Array.from({ length: 8 }, () => arriving(10));
  const bodies = slow.map((stream) => read(request(stream, 3 * MEBIBYTE)));
  expect(await read(arrived(10))).toStrictEqual(SMALL);
  const more = arriving(10);
  bodies.push(read(request(more, 2 * MEBIBYTE)));
  for (const stream of [...slow, more]) stream.end();
  const refused = (await Promise.all(bodies)).map((body) => body && "status" in body);
  expect(refused).toStrictEqual([true, ...Array(8).fill(false)]);
  expect(await read(arrived(10))).toStrictEqual(SMALL);
});

/** An account that tells what is held, and how the one holding is given up. */
function account() {
  const seen = { held: 0, giveUp: () => {} };
  const hold: Hold = (_address, giveUp) => {
    seen.giveUp = giveUp;
    return {
      add: (bytes) => {
        seen.held += bytes;
      },
      release: () => {
        seen.held = 0;
      },
    };
  };
  return { seen, hold };
}

/** Turns that come with `promise`, and pass over those who have gone. */
const after =
  (promise: Promise<void>): Turns =>
  ({ isGone }, use) =>
    promise.then(() => (isGone() ? undefined : use()));

test("counts a body from its head to its turn, and no longer", async () => {
  const { seen, hold } = account();
  const turn = Promise.withResolvers<void>();
  const body = textReader(hold, after(turn.promise))(arrived(10));
  await new Promise(setImmediate);
  expect(seen.held).toBe(10);
  turn.resolve();
  expect(await body).toStrictEqual(SMALL);
  expect(seen.held).toBe(0);
});

test("every body waits for its turn, a small one too", async () => {
  const asked: Work[] = [];
  const read = textReader(bytesInFlight(MEBIBYTE), async (work, use) => {
    asked.push(work);
    return use();
  });
  const socket = { destroyed: false, remoteAddress: "10.0.0.7" };
  expect(await read(arrived(10, socket))).toStrictEqual(SMALL);
  expect(asked).toMatchObject([{ bytes: 10, address: "10.0.0.7" }]);
});

test("gives nothing when the client went while its body waited", async () => {
  const turn = Promise.withResolvers<void>();
  const socket = { destroyed: false };
  const read = textReader(bytesInFlight(MEBIBYTE), after(turn.promise));
  const body = read(arrived(10, socket));
  await new Promise(setImmediate);
  socket.destroyed = true;
  turn.resolve();
  expect(await body).toBeUndefined();
});

test("says nothing of a refusal to a client that has gone", async () => {
  expect(await reader()(arrived(BODY_LIMIT_BYTES + 1, { destroyed: true }))).toBeUndefined();
});

test("refuses what is given up while it waits", async () => {
  const { seen, hold } = account();
  const turn = Promise.withResolvers<void>();
  const body = textReader(hold, after(turn.promise))(arrived(10));
  await new Promise(setImmediate);
  seen.giveUp();
  turn.resolve();
  expect(await body).toStrictEqual({ status: 503 });
});

test("rejects with what the work on its text throws, and holds nothing then", async () => {
  const { seen, hold } = account();
  const read = bodyReader(hold, takeTurns());
  const broken = () => {
    throw new Error("broken");
  };
  await expect(read(arrived(10), broken)).rejects.toThrow("broken");
  expect(seen.held).toBe(0);
});
