/** Where one request ends in what a client sends: told before a parser makes objects of it. */

/**
 * The longest head in bytes. Node answers 431 to one of more than 16 KiB by itself; whoever goes on after that
 * reads no answers.
 */
const MAX_HEAD_BYTES = 32 * 1024;
/**
 * The pieces that a request may come in: some for a slow start, then one for each 256 bytes. An API server sends
 * records of more than 1,000 bytes, and each piece costs as much as a whole record: 20 MB in records of one byte
 * were a second of CPU.
 */
const FREE_CHUNKS = 128;
const LEAST_BYTES_OF_CHUNK = 256;

const NOTHING = Buffer.alloc(0);
const LF = 10;
const CR = 13;
const LENGTH_LINE = /(?<=\n)content-length[ \t]*:([^\n]*)/gi;
const ENCODING_LINE = /\ntransfer-encoding[ \t]*:/i;
const LENGTH = /^[ \t]*([0-9]{1,15})[ \t]*\r?$/;

/** Follows the requests of one connection. */
export interface RequestFramer {
  /** What of `chunk` is for the parser; undefined: the connection has to end. */
  take(chunk: Buffer): Buffer | undefined;
  /** The request that is whole is answered: another one may begin. */
  next(): void;
}

/** Bytes of a body that are still to come. In chunks: nobody can tell without reading all of it. */
type BodyLeft = number | "in chunks";

/** What comes after a whole head; undefined when its length is stated twice, or is none. */
function bodyAfter(head: string): BodyLeft | undefined {
  if (ENCODING_LINE.test(head)) return "in chunks";
  const lengths = [...head.matchAll(LENGTH_LINE)];
  if (lengths.length === 0) return 0;
  const digits = LENGTH.exec(lengths[0]?.[1] ?? "")?.[1];
  return lengths.length === 1 && digits !== undefined ? Number(digits) : undefined;
}

/**
 * A framer for a new connection. Where it and Node's parser could read a head differently, this one sees its end
 * first: any line without a character ends it. What follows has to be of the length that the head states, so at most
 * one request is let through before `next`. A body in chunks is kept from the parser, so that its request can
 * be refused with an answer. An empty line before a request ends the connection: such lines kept it open for ever.
 */
export function createRequestFramer(): RequestFramer {
  let head: Buffer[] = [];
  let headBytes = 0;
  let lineIsEmpty = true;
  /** Undefined: the head is not whole yet. */
  let left: BodyLeft | undefined;
  let chunks = 0;
  let bytes = 0;

  /** The index behind the head's end in `chunk`, or undefined. */
  function endOfHead(chunk: Buffer): number | undefined {
    for (let index = 0; index < chunk.length; index++) {
      const byte = chunk[index];
      if (byte === LF && lineIsEmpty) return index + 1;
      if (byte !== CR) lineIsEmpty = byte === LF;
    }
    return undefined;
  }

  function takeHead(chunk: Buffer): Buffer | undefined {
    if (headBytes === 0 && (chunk[0] === CR || chunk[0] === LF)) return undefined;
    const end = endOfHead(chunk);
    const part = chunk.subarray(0, end);
    head.push(part);
    headBytes += part.length;
    if (headBytes > MAX_HEAD_BYTES) return undefined;
    return end === undefined ? part : takeEndOfHead(part, chunk);
  }

  /** `part` is what of `chunk` belongs to the head. */
  function takeEndOfHead(part: Buffer, chunk: Buffer): Buffer | undefined {
    left = bodyAfter(Buffer.concat(head).toString("latin1"));
    head = [];
    if (left === "in chunks") return part;
    return takeBody(chunk.length - part.length) ? chunk : undefined;
  }

  function takeBody(length: number): boolean {
    if (typeof left !== "number" || length > left) return false;
    left -= length;
    return true;
  }

  return {
    take(chunk) {
      chunks += 1;
      bytes += chunk.length;
      if (chunks > FREE_CHUNKS + bytes / LEAST_BYTES_OF_CHUNK) return undefined;
      if (left === undefined) return takeHead(chunk);
      if (left === "in chunks") return NOTHING;
      return takeBody(chunk.length) ? chunk : undefined;
    },
    next() {
      if (left !== 0) return; // Answered before it was whole: its rest may still come.
      headBytes = 0;
      lineIsEmpty = true;
      left = undefined;
      chunks = 0;
      bytes = 0;
    },
  };
}
