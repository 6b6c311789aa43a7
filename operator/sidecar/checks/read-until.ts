/** Reading from a peer that may send anything: bounded in bytes and in time. */
import type { Socket } from "node:net";
import type { Duplex } from "node:stream";
import { abortError } from "./abort.ts";
import { CheckError } from "./check.ts";

/** The most bytes that one check takes from one connection. */
export const MAX_BYTES = 64 * 1024;

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
 * Also rejects with ConnectionClosed when the peer closes first, ProtocolError past MAX_BYTES, the
 * stream's own error, or the signal's reason. Afterwards the stream is paused and no longer listened to.
 */
export function readUntil(
  { stream, socket, signal }: ReadSource,
  onChunk: (chunk: Buffer) => boolean,
): Promise<void> {
  return new Promise((resolve, reject) => {
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
        if (socket.bytesRead > MAX_BYTES) throw new CheckError("ProtocolError");
        if (onChunk(chunk)) finish(resolve);
      } catch (error) {
        onError(error as Error);
      }
    };

    if (signal.aborted) return onAbort();
    if (stream.destroyed) return onClosed();
    signal.addEventListener("abort", onAbort, { once: true });
    stream.on("data", onData).once("end", onClosed).once("close", onClosed).once("error", onError);
    stream.resume();
  });
}
