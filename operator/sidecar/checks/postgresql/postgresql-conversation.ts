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

/** What a server refuses with. Its text stays here: reasons are told by `code`, `file`, and the words of poolers. */
export interface ServerError extends Error {
  /** The SQLSTATE. */
  code: string;
  /** FATAL ends the session. */
  severity: string | undefined;
  text: string | undefined;
  /** The file of PostgreSQL's sources that says it: no setting translates that, as it does the text. */
  file: string | undefined;
  /** In what it came up: a function, a block of a file. Alone it tells nobody's fault. */
  context: string | undefined;
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

/**
 * What is looked at of an error. PostgreSQL's has 18 fields at most, and SQLSTATE and severity come before the text,
 * which may be long. 64 KiB of NULs would be as many fields, and take milliseconds of the thread that answers probes.
 */
const LOOKED_AT_BYTES = 4 * 1024;
const MAX_FIELDS = 64;

/** The fields of an error are a letter and a text that a NUL ends; one more NUL ends their list. */
export function serverError(body: Buffer): Error {
  const fields = firstFields(body);
  const code = fields.get("C");
  const complete = body.at(-1) === 0 && body.at(-2) === 0;
  if (!complete || code === undefined || !isSqlState(code)) {
    return new CheckError("ProtocolError");
  }
  const details: Omit<ServerError, keyof Error> = {
    code,
    severity: fields.get("S"),
    text: fields.get("M"),
    file: fields.get("F"),
    context: fields.get("W"),
  };
  return Object.assign(new Error("refused by the server"), details);
}

/** By their letters; of those that come twice, the first. */
function firstFields(body: Buffer): ReadonlyMap<string, string> {
  const fields = new Map<string, string>();
  for (const text of body.toString("utf8", 0, LOOKED_AT_BYTES).split("\0", MAX_FIELDS)) {
    const letter = text.slice(0, 1);
    if (!fields.has(letter)) fields.set(letter, text.slice(1));
  }
  return fields;
}
