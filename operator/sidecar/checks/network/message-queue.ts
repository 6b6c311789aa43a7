/** A stream whose bytes come in whole messages -> those messages, one by one. */
import { abortError } from "../abort.ts";
import { CheckError } from "../check.ts";
import { type ReadSource, readUntil } from "./read-until.ts";

/**
 * The most messages of one session, rows included. A login takes about 20; a flood of empty ones, 13,000
 * in what a check reads, would keep the sidecar from everything else for a second under its CPU limit.
 */
export const MAX_MESSAGES = 1_000;

/** Takes bytes in chunks, calls `onMessage` for each whole message, and throws where they make none. */
export type CreateReader<M> = (onMessage: (message: M) => void) => (chunk: Buffer) => void;

/**
 * Starts to listen at once and gives a function that waits for the next message. It rejects with the reason of
 * the signal as soon as that has fired, with ProtocolError past MAX_MESSAGES, with what the reader throws, and with
 * what `readUntil` rejects with.
 * Holds nothing once the stream is closed or the signal has fired.
 */
export function queueMessages<M>(
  source: ReadSource,
  createReader: CreateReader<M>,
): () => Promise<M> {
  const messages: M[] = [];
  let failure: unknown;
  let wake = () => {};
  let arrived = 0;
  const read = createReader((message) => {
    arrived += 1;
    if (arrived > MAX_MESSAGES) throw new CheckError("ProtocolError");
    messages.push(message);
  });
  // Always false, so that reading goes on and whatever else arrives counts against the bound.
  const ended = readUntil(source, (chunk) => {
    read(chunk);
    wake();
    return false;
  });
  ended.catch((error) => {
    failure = error;
    wake();
  });

  return async () => {
    while (messages.length === 0 && failure === undefined) {
      await new Promise<void>((resolve) => {
        wake = resolve;
      });
    }
    if (source.signal.aborted) throw abortError(source.signal);
    // What the server said before it hung up tells more than that it hung up.
    const message = messages.shift();
    if (message === undefined) throw failure;
    return message;
  };
}
