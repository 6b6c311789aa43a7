/** Reading a request's body within bounds. */
import type { IncomingMessage } from "node:http";

/**
 * The largest body in bytes: what the API server itself takes in a request, so every pod that it can
 * store fits.
 */
export const BODY_LIMIT_BYTES = 3 * 1024 * 1024;
/** All bodies being read at one time, in bytes: the webhook's memory has to hold them. */
const TOTAL_LIMIT_BYTES = 48 * 1024 * 1024;
/**
 * How much of a body over the limit is read and thrown away, in bytes. A client that is still sending
 * when the connection closes gets a reset and never sees the answer.
 */
const DISCARD_LIMIT_BYTES = 16 * 1024 * 1024;

/** The text, or the status to answer instead; undefined when the client has gone. */
export type Body = { text: string } | { status: 413 | 503 } | undefined;

/** What has been read of one body; `chunks` is emptied once it will not be used. */
interface Reading {
  chunks: Buffer[];
  bytes: number;
  refused?: 413 | 503;
}

/**
 * Reads a body, and refuses it when it is over the limit. When all that are being read together are over
 * theirs, the largest is refused: a few clients that send large bodies slowly would else have every
 * review refused.
 */
export type BodyReader = (request: IncomingMessage) => Promise<Body>;

/** A reader whose bodies together stay below a bound. */
export function bodyReader(): BodyReader {
  const readings = new Set<Reading>();
  let held = 0;

  function release(reading: Reading): void {
    for (const chunk of reading.chunks.splice(0)) held -= chunk.length;
  }

  function refuse(reading: Reading, status: 413 | 503): void {
    reading.refused = status;
    release(reading);
  }

  function refuseLargest(): void {
    const [largest] = [...readings]
      .filter(({ refused }) => refused === undefined)
      .sort((one, other) => other.bytes - one.bytes);
    if (largest) refuse(largest, 503);
  }

  function take(reading: Reading, chunk: Buffer): void {
    reading.bytes += chunk.length;
    if (reading.refused) return;
    reading.chunks.push(chunk);
    held += chunk.length;
    if (reading.bytes > BODY_LIMIT_BYTES) refuse(reading, 413);
    else if (held > TOTAL_LIMIT_BYTES) refuseLargest();
  }

  async function readAll(request: IncomingMessage, reading: Reading): Promise<Body> {
    // Leaving a plain `for await` early would destroy the socket before the answer is sent.
    for await (const chunk of request.iterator({ destroyOnReturn: false })) {
      take(reading, chunk as Buffer);
      if (reading.bytes > DISCARD_LIMIT_BYTES) break;
    }
    if (reading.refused) return { status: reading.refused };
    return { text: Buffer.concat(reading.chunks).toString("utf8") };
  }

  return async (request) => {
    const reading: Reading = { chunks: [], bytes: 0 };
    readings.add(reading);
    try {
      return await readAll(request, reading);
    } catch {
      // Cut off, or slower than the server's timeout: nobody waits for an answer.
      return undefined;
    } finally {
      readings.delete(reading);
      release(reading);
    }
  };
}
