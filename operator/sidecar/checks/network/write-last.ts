/** The last words of a conversation, on their way before the connection is destroyed. */
import type { Duplex } from "node:stream";
import { raceAbort } from "../abort.ts";

/**
 * Resolves once `bytes` have been handed to the system, or the stream or `signal` has ended; never rejects. Over TLS a
 * write may have to wait for the one before it, so that a socket destroyed at once would take it along: one goodbye in
 * 25 got lost, and a server counts that as a client that has died.
 */
export async function writeLast(
  { stream, signal }: { stream: Duplex; signal: AbortSignal },
  bytes: Buffer,
): Promise<void> {
  if (!stream.writable || signal.aborted) return;
  const written = new Promise<void>((resolve) => {
    stream.once("close", resolve);
    stream.write(bytes, () => resolve());
  });
  await raceAbort(written, signal).catch(() => {});
}
