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
 * How much of a body over the limit is read and thrown away, in bytes. A client that is still sending
 * when the connection closes gets a reset and never sees the answer.
 */
const DISCARD_LIMIT_BYTES = 16 * 1024 * 1024;
/** Why a body is not read: it does not say its length, is too large, or others need the memory. */
type RefusedStatus = 411 | 413 | 503;

/** What was made of the text, or the status to answer instead; undefined when the client has gone. */
export type Used<T> = { used: T } | { status: RefusedStatus } | undefined;

/**
 * Reads a body, has `use` work on its text when it is its turn, and refuses it when it is over the limit or when its
 * bytes are given up before. Rejects with what `use` throws.
 */
export type BodyReader = <T>(
  request: IncomingMessage,
  use: (text: string) => T,
) => Promise<Used<T>>;

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
  // A body in chunks is kept from the parser, so nothing of it would come.
  if (reading.refused === 411) return;
  // Leaving a plain `for await` early would destroy the socket before the answer is sent.
  for await (const piece of request.iterator({ destroyOnReturn: false })) {
    take(reading, piece as Buffer);
    if (reading.bytes > DISCARD_LIMIT_BYTES) break;
  }
}

/**
 * A reader whose bodies count in `hold` and wait for `turns`, the small ones too: a pod of 64 KiB that is made for it
 * takes 24 ms, and three hundred of them kept both ports from answering for seconds.
 */
export function bodyReader(hold: Hold, turns: Turns): BodyReader {
  function open(address: string): Reading {
    const holding = hold(address, () => refuse(reading, 503));
    const reading: Reading = { buffer: Buffer.alloc(0), bytes: 0, holding };
    return reading;
  }

  /** Whether the body has come to its end; not where it was cut off, or is slower than the server's timeout. */
  async function arrives(request: IncomingMessage, reading: Reading): Promise<boolean> {
    try {
      begin(reading, request);
      await readAll(request, reading);
      return true;
    } catch {
      return false;
    }
  }

  return async (request, use) => {
    const address = request.socket.remoteAddress ?? "";
    const reading = open(address);
    const isGone = () => request.socket.destroyed;
    const answer = () => {
      if (reading.refused) return { status: reading.refused };
      return { used: use(reading.buffer.toString("utf8", 0, reading.bytes)) };
    };
    try {
      if (!(await arrives(request, reading)) || isGone()) return undefined;
      if (reading.refused) return answer();
      return await turns({ bytes: reading.bytes, address, isGone }, answer);
    } finally {
      reading.holding.release();
    }
  };
}
