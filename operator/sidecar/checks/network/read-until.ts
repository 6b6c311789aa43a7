/** Reading from a peer that may send anything: bounded in bytes and in time. */
import type { Socket } from "node:net";
import type { Duplex } from "node:stream";
import { abortError } from "../abort.ts";
import { CheckError } from "../check.ts";

/** The most bytes that one check takes from one connection. */
export const MAX_BYTES = 64 * 1024;

/**
 * The most pieces that they may come in. An answer of 64 KiB takes 120 packets of the smallest usual size;
 * bytes that are sent one by one would each cost as much work as a whole packet, of TLS more than a record of it.
 */
export const MAX_CHUNKS = 256;

/** How much is read. */
export interface ReadLimits {
  bytes: number;
  chunks: number;
}

/** Where to read from and when to stop. */
export interface ReadSource {
  /** What carries the answer: the socket, or the TLS stream on it. */
  stream: Duplex;
  /** The socket itself. Its bytes are counted, before TLS and any parser see them. */
  socket: Socket;
  signal: AbortSignal;
  /** Unset: all that a check may take. */
  limits?: ReadLimits;
}

const OF_A_CHECK: ReadLimits = { bytes: MAX_BYTES, chunks: MAX_CHUNKS };

/** The failure of a check whose peer sends more than it reads: ProtocolError, unless it has given the answer before. */
export function tooMuch(): CheckError {
  return Object.assign(new CheckError("ProtocolError"), { isTooMuch: true });
}

/** Whether it is that failure. */
export function isTooMuch(error: unknown): boolean {
  return error instanceof CheckError && "isTooMuch" in error;
}

/**
 * Hands every chunk to `onChunk` until that returns true, the last one cut at the limit; what it throws rejects.
 * Also rejects with ConnectionClosed when the peer closes first, `tooMuch` past the limits, the stream's own
 * error, or the signal's reason. Afterwards the stream is paused and no longer listened to.
 */
export function readUntil(
  { stream, socket, signal, limits = OF_A_CHECK }: ReadSource,
  onChunk: (chunk: Buffer) => boolean,
): Promise<void> {
  return new Promise((resolve, reject) => {
    const limited = createLimit({ stream, socket, limits });
    const finish = (settle: () => void) => {
      stream.off("data", onData).off("end", onClosed).off("close", onClosed).off("error", onError);
      signal.removeEventListener("abort", onAbort);
      stream.pause();
      settle();
    };
    const onError = (error: Error) => finish(() => reject(error));
    const onClosed = () => onError(new CheckError("ConnectionClosed"));
    const onAbort = () => onError(abortError(signal));
    const onData = (chunk: Buffer) => {
      try {
        const { within, isLast } = limited(chunk);
        if (onChunk(within)) finish(resolve);
        else if (isLast) throw tooMuch();
      } catch (error) {
        onError(error as Error);
      }
    };

    if (signal.aborted) return onAbort();
    if (stream.errored) return onError(stream.errored);
    if (stream.destroyed) return onClosed();
    signal.addEventListener("abort", onAbort);
    stream.on("data", onData).once("end", onClosed).once("close", onClosed).once("error", onError);
    stream.resume();
  });
}

/**
 * Takes one chunk after the other and gives what is within the limits of it, and whether nothing is after it. Throws
 * `tooMuch` for a chunk that is one too many.
 */
function createLimit({
  stream,
  socket,
  limits,
}: Pick<ReadSource, "stream" | "socket"> & { limits: ReadLimits }): (chunk: Buffer) => {
  within: Buffer;
  isLast: boolean;
} {
  let chunks = 0;
  return (chunk) => {
    chunks += 1;
    if (chunks > limits.chunks) throw tooMuch();
    const excess = Math.max(0, socket.bytesRead - limits.bytes);
    // Of a TLS stream these may be bytes of records that come later, and start-tls.ts has cut them.
    const end = stream === socket ? Math.max(0, chunk.length - excess) : chunk.length;
    return { within: chunk.subarray(0, end), isLast: excess > 0 };
  };
}
