/** Pure: bytes of a PostgreSQL server -> whole messages. */
import { CheckError } from "../check.ts";
import { cutMessages } from "../network/cut-messages.ts";
import { MAX_BYTES } from "../network/read-until.ts";

/** One message of the server. */
export interface Frame {
  /** The letter that names its kind. */
  type: string;
  /** What follows the type and the length. */
  body: Buffer;
}

/** One byte of type and four of length, which counts itself. */
const HEADER_LENGTH = 5;

/**
 * What a server may send to a client that logs in and runs simple queries: authentication, parameters,
 * key, error, notice, notification, row description, row, end of a command, empty query, ready.
 * A web server's `HTTP/1.1 400` fails on its first letter.
 */
const TYPES = "RSKENATDCIZ";

const protocolError = () => new CheckError("ProtocolError");

/**
 * Takes the server's bytes in chunks and calls `onFrame` for each whole message. Throws ProtocolError for
 * a type that is not in TYPES and for a length that no check would read to its end.
 */
export function createFrameReader(onFrame: (frame: Frame) => void): (chunk: Buffer) => void {
  return cutMessages(frameLength, (message) => {
    onFrame({ type: typeOf(message), body: message.subarray(HEADER_LENGTH) });
  });
}

/** How long the first message is; infinite while its length has not arrived. */
function frameLength(bytes: Buffer): number {
  if (bytes.length > 0 && !TYPES.includes(typeOf(bytes))) throw protocolError();
  if (bytes.length < HEADER_LENGTH) return Number.POSITIVE_INFINITY;
  const length = 1 + bytes.readUInt32BE(1);
  if (length < HEADER_LENGTH || length > MAX_BYTES) throw protocolError();
  return length;
}

function typeOf(bytes: Buffer): string {
  return bytes.toString("latin1", 0, 1);
}
