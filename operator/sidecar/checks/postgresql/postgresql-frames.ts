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

/** The longest text of a server without a process for one more session, in bytes: `report_fork_failure_to_client`. */
const LONGEST_WITHOUT_PROCESS = 1_000;

const protocolError = () => new CheckError("ProtocolError");

/**
 * Takes the server's bytes in chunks and calls `onFrame` for each whole message. Throws ProtocolError for
 * a type that is not in TYPES and for a length that no check would read to its end, and TooManyConnections where the
 * server has no process for this session.
 */
export function createFrameReader(onFrame: (frame: Frame) => void): (chunk: Buffer) => void {
  let isFirst = true;
  return cutMessages(
    (bytes) => frameLength(bytes, isFirst),
    (message) => {
      isFirst = false;
      onFrame({ type: typeOf(message), body: message.subarray(HEADER_LENGTH) });
    },
  );
}

/** How long the message is that `bytes` begin with; infinite while its length has not arrived. */
function frameLength(bytes: Buffer, isFirst: boolean): number {
  const type = typeOf(bytes);
  if (bytes.length > 0 && !TYPES.includes(type)) throw protocolError();
  if (bytes.length < HEADER_LENGTH) return Number.POSITIVE_INFINITY;
  const length = 1 + bytes.readUInt32BE(1);
  if (isFirst && type === "E" && length > MAX_BYTES) return withoutProcess(bytes);
  if (length < HEADER_LENGTH || length > MAX_BYTES) throw protocolError();
  return length;
}

/**
 * Where no process can be made for a session, at a limit of processes or of memory, the postmaster says so itself and
 * before it reads anything: `E`, a text in its own language, a line's end and NUL, without a length. The sessions that
 * it has go on. Infinite while it is unfinished; its last two bytes come together, unlike those of memcached's `ERROR`.
 */
function withoutProcess(bytes: Buffer): number {
  const text = bytes.toString("latin1", 0, LONGEST_WITHOUT_PROCESS + 1);
  if (text.length > LONGEST_WITHOUT_PROCESS) throw protocolError();
  if (/^E[^\n\0]+\n\0$/.test(text)) throw new CheckError("TooManyConnections");
  if (!/^E[^\n\0]+$/.test(text)) throw protocolError();
  return Number.POSITIVE_INFINITY;
}

function typeOf(bytes: Buffer): string {
  return bytes.toString("latin1", 0, 1);
}
