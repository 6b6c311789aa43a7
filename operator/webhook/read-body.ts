/** Reading a request's body within bounds. */
import type { IncomingMessage } from "node:http";
import type { Hold, Holding } from "./bytes-in-flight.ts";
import type { Turns } from "./take-turns.ts";

/**
 * The largest body in bytes: what the API server itself takes in a request, so every pod that it can
 * store fits.
 */
export const BODY_LIMIT_BYTES = 3 * 1024 * 1024;
/**
 * Larger bodies wait for their turn, in bytes. Most pods are a quarter of it; parsing the worst of this
 * size takes a few milliseconds.
 */
export const LARGE_BODY_BYTES = 64 * 1024;
/**
 * How much of a body over the limit is read and thrown away, in bytes. A client that is still sending
 * when the connection closes gets a reset and never sees the answer.
 */
const DISCARD_LIMIT_BYTES = 16 * 1024 * 1024;
/** Why a body is not read: it does not say its length, is too large, or others need the memory. */
type RefusedStatus = 411 | 413 | 503;

/** The text, or the status to answer instead; undefined when the client has gone. */
export type Body = { text: string } | { status: RefusedStatus } | undefined;

/**
 * Reads a body, and refuses it when it is over the limit or when its bytes are given up. A text is to be
 * answered at once: it no longer counts as in flight, and it is the turn of this request.
 */
export type BodyReader = (request: IncomingMessage) => Promise<Body>;

/** What has been read of one body. `buffer` is given back once it will not be used. */
interface Reading {
  buffer: Buffer;
  bytes: number;
  refused?: RefusedStatus;
  holding: Holding;
}

function refuse(reading: Reading, status: RefusedStatus): void {
  reading.refused ??= status;
  reading.buffer = Buffer.alloc(0);
  reading.holding.release();
}

/**
 * Takes memory for the whole body. API servers always say its length. A chunked body is refused:
 * sent a byte at a time, it kept the event loop busy for seconds.
 */
function begin(reading: Reading, { headers }: IncomingMessage): void {
  const length = Number(headers["content-length"]);
  if (Number.isNaN(length)) refuse(reading, 411);
  else if (length > BODY_LIMIT_BYTES) refuse(reading, 413);
  else {
    reading.buffer = Buffer.allocUnsafeSlow(length);
    // Last: if these bytes exceed the total, this very buffer may be given up.
    reading.holding.add(length);
  }
}

/** Copied, because each piece that arrives takes hundreds of bytes, however small it is. */
function take(reading: Reading, piece: Buffer): void {
  if (!reading.refused) piece.copy(reading.buffer, reading.bytes);
  reading.bytes += piece.length;
}

async function readAll(request: IncomingMessage, reading: Reading): Promise<void> {
  // Leaving a plain `for await` early would destroy the socket before the answer is sent.
  for await (const piece of request.iterator({ destroyOnReturn: false })) {
    take(reading, piece as Buffer);
    if (reading.refused === 411 || reading.bytes > DISCARD_LIMIT_BYTES) break;
  }
}

/** A reader whose bodies count in `hold`, and the large ones of which wait for `turns`. */
export function bodyReader(hold: Hold, turns: Turns): BodyReader {
  function open(): Reading {
    const holding = hold(() => refuse(reading, 503));
    const reading: Reading = { buffer: Buffer.alloc(0), bytes: 0, holding };
    return reading;
  }

  return async (request) => {
    const reading = open();
    try {
      begin(reading, request);
      await readAll(request, reading);
      const { bytes, refused } = reading;
      if (!refused && bytes > LARGE_BODY_BYTES) await turns(bytes);
      // Nobody waits any longer: the work would only delay others.
      if (request.socket.destroyed) return undefined;
      if (reading.refused) return { status: reading.refused };
      return { text: reading.buffer.toString("utf8", 0, bytes) };
    } catch {
      // Cut off, or slower than the server's timeout: nobody waits for an answer.
      return undefined;
    } finally {
      reading.holding.release();
    }
  };
}
