/** Bodies within bounds, each alone and all together. */
import type { IncomingMessage } from "node:http";
import { PassThrough } from "node:stream";
import { expect, test } from "@jest/globals";
import { BODY_LIMIT_BYTES, bodyReader } from "./read-body.ts";

/** A body that has arrived so far, and is not at its end. */
function arriving(bytes: number): PassThrough {
  const stream = new PassThrough({ highWaterMark: 64 * 1024 * 1024 });
  stream.write(Buffer.alloc(bytes, "x"));
  return stream;
}

const asRequest = (stream: PassThrough) => stream as unknown as IncomingMessage;

test("gives the text, also where a character is cut between two chunks", async () => {
  const stream = new PassThrough();
  const text = bodyReader()(asRequest(stream));
  const bytes = Buffer.from("né€");
  for (const byte of bytes) stream.write(Buffer.from([byte]));
  stream.end();
  expect(await text).toStrictEqual({ text: "né€" });
});

test("takes a body at the limit and refuses one byte more", async () => {
  const read = bodyReader();
  for (const [bytes, expected] of [
    [BODY_LIMIT_BYTES, { text: "x".repeat(BODY_LIMIT_BYTES) }],
    [BODY_LIMIT_BYTES + 1, { status: 413 }],
  ] as const) {
    const stream = arriving(bytes);
    stream.end();
    const body = await read(asRequest(stream));
    // Compared here: a difference of three million characters is no help to a reader.
    expect(JSON.stringify(body) === JSON.stringify(expected)).toBe(true);
  }
});

test("refuses at once what never ends", async () => {
  const stream = arriving(20 * 1024 * 1024);
  expect(await bodyReader()(asRequest(stream))).toStrictEqual({ status: 413 });
  expect(stream.destroyed).toBe(false);
});

test("gives nothing when the client goes away", async () => {
  const stream = arriving(10);
  const body = bodyReader()(asRequest(stream));
  stream.destroy(new Error("reset"));
  expect(await body).toBeUndefined();
});

test("bounds what many clients hold together, and refuses a large body, not the next small one", async () => {
  const read = bodyReader();
  const slow = Array.from({ length: 16 }, () => arriving(BODY_LIMIT_BYTES));
  const bodies = slow.map((stream) => read(asRequest(stream)));
  await new Promise(setImmediate);
  const one = () => {
    const stream = arriving(10);
    stream.end();
    return read(asRequest(stream));
  };
  expect(await one()).toStrictEqual({ text: "xxxxxxxxxx" });
  for (const stream of slow) stream.end();
  const refused = (await Promise.all(bodies)).filter((body) => body && "status" in body);
  expect(refused).toStrictEqual([{ status: 503 }]);
  expect(await one()).toStrictEqual({ text: "xxxxxxxxxx" });
});
