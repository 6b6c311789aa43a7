/** A stream to a PostgreSQL server -> its messages one by one, and a way to answer. */
import { abortError } from "../abort.ts";
import { CheckError } from "../check.ts";
import { type ReadSource, readUntil } from "../network/read-until.ts";
import { isSqlState } from "../reason-of-error.ts";
import { createFrameReader, type Frame } from "./postgresql-frames.ts";

/**
 * The most messages of one session, rows included. A login takes about 20; a flood of empty ones, 13,000
 * in what a check reads, would keep the sidecar from everything else for a second under its CPU limit.
 */
export const MAX_MESSAGES = 1_000;

/** A session as a sequence: each step waits for the message that must come next. */
export interface Conversation {
  send(message: Buffer): void;
  /**
   * The next message that is no notice. Rejects with a ServerError when it is an error, with the reason
   * of the signal as soon as that has fired, and with what `readUntil` rejects with.
   */
  next(): Promise<Frame>;
}

/** What a server refuses with. Its text stays here: reasons are told by `code` alone. */
export interface ServerError extends Error {
  /** The SQLSTATE. */
  code: string;
  /** FATAL ends the session. */
  severity: string | undefined;
  text: string | undefined;
}

/** Starts to listen at once. Holds nothing once `stream` is closed or `signal` has fired. */
export function converse(source: ReadSource): Conversation {
  const frames: Frame[] = [];
  let failure: unknown;
  let wake = () => {};
  let arrived = 0;
  const read = createFrameReader((frame) => {
    arrived += 1;
    if (arrived > MAX_MESSAGES) throw new CheckError("ProtocolError");
    frames.push(frame);
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

  async function nextFrame(): Promise<Frame> {
    while (frames.length === 0 && failure === undefined) {
      await new Promise<void>((resolve) => {
        wake = resolve;
      });
    }
    if (source.signal.aborted) throw abortError(source.signal);
    // What the server said before it hung up tells more than that it hung up.
    const frame = frames.shift();
    if (!frame) throw failure;
    return frame;
  }

  return {
    send(message) {
      if (source.stream.writable) source.stream.write(message);
    },
    async next() {
      let frame = await nextFrame();
      while (frame.type === "N") frame = await nextFrame();
      if (frame.type === "E") throw serverError(frame.body);
      return frame;
    },
  };
}

/** The fields of an error are a letter and a text that a NUL ends; one more NUL ends their list. */
function serverError(body: Buffer): Error {
  const fields = body.toString("utf8").split("\0");
  const field = (letter: string) => fields.find((text) => text.startsWith(letter))?.slice(1);
  const code = field("C");
  const complete = fields.at(-1) === "" && fields.at(-2) === "";
  if (!complete || code === undefined || !isSqlState(code)) {
    return new CheckError("ProtocolError");
  }
  const details: Omit<ServerError, keyof Error> = { code, severity: field("S"), text: field("M") };
  return Object.assign(new Error("refused by the server"), details);
}
