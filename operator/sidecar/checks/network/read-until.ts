/** Reading from a peer that may send anything: bounded in bytes and in time. */
import type { Socket } from "node:net";
import type { Duplex } from "node:stream";
import { abortError } from "../abort.ts";
import { CheckError } from "../check.ts";

/** The most bytes that one check takes from one connection. */
export const MAX_BYTES = 64 * 1024;

/**
 * The most pieces that they may come in. An answer of 64 KiB takes 120 packets of the smallest usual size;
 * bytes that are sent one by one would each cost as much work as a whole packet.
 */
export const MAX_CHUNKS = 1_000;

/** Where to read from and when to stop. */
export interface ReadSource {
  /** What carries the answer: the socket, or the TLS stream on it. */
  stream: Duplex;
  /** The socket itself. Its bytes are counted, before TLS and any parser see them. */
  socket: Socket;
  signal: AbortSignal;
}

/**
 * Hands every chunk to `onChunk` until that returns true; what it throws rejects.
 * Also rejects with ConnectionClosed when the peer closes first, ProtocolError past MAX_BYTES or MAX_CHUNKS, the
 * stream's own error, or the signal's reason. Afterwards the stream is paused and no longer listened to.
 */
export function readUntil(
  { stream, socket, signal }: ReadSource,
  onChunk: (chunk: Buffer) => boolean,
): Promise<void> {
  return new Promise((resolve, reject) => {
    let chunks = 0;
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
        chunks += 1;
        if (socket.bytesRead > MAX_BYTES || chunks > MAX_CHUNKS) {
          throw new CheckError("ProtocolError");
        }
        if (onChunk(chunk)) finish(resolve);
      } catch (error) {
        onError(error as Error);
      }
    };

    if (signal.aborted) return onAbort();
    if (stream.destroyed) return onClosed();
    signal.addEventListener("abort", onAbort);
    stream.on("data", onData).once("end", onClosed).once("close", onClosed).once("error", onError);
    stream.resume();
  });
}
