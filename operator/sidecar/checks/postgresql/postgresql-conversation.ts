/** A stream to a PostgreSQL server -> its messages one by one, and a way to answer. */
import { CheckError } from "../check.ts";
import { queueMessages } from "../network/message-queue.ts";
import type { ReadSource } from "../network/read-until.ts";
import { writeLast } from "../network/write-last.ts";
import { isSqlState } from "../reason-of-error.ts";
import { createFrameReader, type Frame } from "./postgresql-frames.ts";

/** A session as a sequence: each step waits for the message that must come next. */
export interface Conversation {
  send(message: Buffer): void;
  /** The last message. Resolves once it is on its way; never rejects. */
  end(message: Buffer): Promise<void>;
  /**
   * The next message that is no notice. Rejects with a ServerError when it is an error, with the reason
   * of the signal as soon as that has fired, and with what `readUntil` rejects with.
   */
  next(): Promise<Frame>;
}

/** What a server refuses with. Its text stays here: reasons are told by `code`, and by the words of poolers. */
export interface ServerError extends Error {
  /** The SQLSTATE. */
  code: string;
  /** FATAL ends the session. */
  severity: string | undefined;
  text: string | undefined;
}

/** Starts to listen at once. Holds nothing once `stream` is closed or `signal` has fired. */
export function converse(source: ReadSource): Conversation {
  const nextFrame = queueMessages<Frame>(source, createFrameReader);
  return {
    send(message) {
      if (source.stream.writable) source.stream.write(message);
    },
    end: (message) => writeLast(source, message),
    async next() {
      let frame = await nextFrame();
      while (frame.type === "N") frame = await nextFrame();
      if (frame.type === "E") throw serverError(frame.body);
      return frame;
    },
  };
}

/** The fields of an error are a letter and a text that a NUL ends; one more NUL ends their list. */
export function serverError(body: Buffer): Error {
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
