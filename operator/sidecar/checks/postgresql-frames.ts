/** Pure: bytes of a PostgreSQL server -> whole messages that the driver's parser survives. */
import { CheckError } from "./check.ts";
import { MAX_BYTES } from "./read-until.ts";

/** One message: its type's letter and all of its bytes, type and length included. */
export interface Frame {
  type: string;
  bytes: Buffer;
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
 * what is none.
 *
 * The driver's own parser trusts its input: a length of gigabytes makes it wait for ever, an error without
 * its end makes it loop for ever, and a row of negative lengths makes it read the same bytes thousands of
 * times. Any program on that port would hold the sidecar in its hand.
 */
export function createFrameReader(onFrame: (frame: Frame) => void): (chunk: Buffer) => void {
  let rest = Buffer.alloc(0);
  return (chunk) => {
    rest = Buffer.concat([rest, chunk]);
    for (let length = frameLength(rest); length <= rest.length; length = frameLength(rest)) {
      const bytes = rest.subarray(0, length);
      rest = rest.subarray(length);
      onFrame(checked(bytes));
    }
  };
}

/** How long the first message is; infinite while its length has not arrived. */
function frameLength(bytes: Buffer): number {
  if (bytes.length > 0 && !TYPES.includes(typeOf(bytes))) throw protocolError();
  if (bytes.length < HEADER_LENGTH) return Number.POSITIVE_INFINITY;
  const length = 1 + bytes.readUInt32BE(1);
  if (length < HEADER_LENGTH || length > MAX_BYTES) throw protocolError();
  return length;
}

function checked(bytes: Buffer): Frame {
  const type = typeOf(bytes);
  const body = bytes.subarray(HEADER_LENGTH);
  if ((type === "E" || type === "N") && !endsWithFieldList(body)) throw protocolError();
  if (type === "D" && !isRow(body)) throw protocolError();
  return { type, bytes };
}

function typeOf(bytes: Buffer): string {
  return bytes.toString("latin1", 0, 1);
}

/** Fields are strings that a NUL ends; one more NUL ends their list. */
function endsWithFieldList(body: Buffer): boolean {
  return body.at(-1) === 0 && (body.length === 1 || body.at(-2) === 0);
}

/** A count, then for each column a length (-1: NULL) and as many bytes; nothing left over. */
function isRow(body: Buffer): boolean {
  if (body.length < 2) return false;
  let offset = 2;
  for (let column = body.readUInt16BE(0); column > 0; column -= 1) {
    if (offset + 4 > body.length) return false;
    const length = body.readInt32BE(offset);
    if (length < -1) return false;
    offset += 4 + Math.max(0, length);
  }
  return offset === body.length;
}
