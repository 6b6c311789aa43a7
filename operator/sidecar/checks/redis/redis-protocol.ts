/** Pure: what goes to a Redis server and what comes back, in RESP, the protocol that all versions speak. */
import type { Reason } from "../../../api/reasons.ts";
import { CheckError } from "../check.ts";

/** The longest reply in characters. Protected mode explains itself in 1,101 (Redis before 7) or 1,066. */
const MAX_REPLY_LENGTH = 2_048;
/** A simple string or an error, whole. */
const REPLY = /^[+-][^\r\n]*\r\n$/;

/** A command as an array of its words, each with its length, so that a word may hold any character. */
export function commandText(...words: string[]): string {
  const bulk = words.map((word) => `$${Buffer.byteLength(word)}\r\n${word}\r\n`);
  return `*${words.length}\r\n${bulk.join("")}`;
}

/**
 * Takes the reply to one command in chunks and gives it, with its first character, once it is complete. Throws
 * ProtocolError for anything else than one simple string or error, whatever follows it included: one thing was
 * asked.
 */
export function createReplyReader(): (chunk: string) => string | undefined {
  let text = "";
  return (chunk) => {
    text += chunk;
    if (!/^[+-]/.test(text) || text.length > MAX_REPLY_LENGTH)
      throw new CheckError("ProtocolError");
    if (!text.includes("\n")) return undefined;
    if (!REPLY.test(text)) throw new CheckError("ProtocolError");
    return text.slice(0, -2);
  };
}

/** What a reply begins with, and what it means. Undefined: it is an answer, and the server is up. */
const MEANINGS: readonly [beginning: string, reason: Reason | undefined][] = [
  ["+PONG", undefined],
  // A replica that has lost its master, and is told not to answer from old data.
  ["-MASTERDOWN ", undefined],
  ["-LOADING ", "ServerStarting"],
  ["-NOAUTH ", "AuthenticationFailed"],
  // Pika says everything behind ERR.
  ["-ERR NOAUTH ", "AuthenticationFailed"],
  ["-WRONGPASS ", "AuthenticationFailed"],
  // The user may log in but not send this command.
  ["-NOPERM ", "AuthenticationFailed"],
  // Protected mode: a server without a password that talks to its own machine alone.
  ["-DENIED ", "AuthenticationFailed"],
  ["-ERR max number of clients", "TooManyConnections"],
  // Upstash, over its limits of connections and of commands, to which checks add theirs.
  ["-ERR max concurrent connections exceeded", "TooManyConnections"],
  ["-ERR max requests limit exceeded", "TooManyConnections"],
  ["-ERR max daily request limit exceeded", "TooManyConnections"],
];

/** Why this reply to PING is none of a server that is up; undefined where it is. */
export function reasonOfPing(reply: string): Reason | undefined {
  const meaning = MEANINGS.find(([beginning]) => reply.startsWith(beginning));
  return meaning === undefined ? "InvalidResponse" : meaning[1];
}

const ASKING_FOR_LOGIN = ["-NOAUTH ", "-ERR NOAUTH ", "-NOPERM "];

/** Whether a server that replies so to PING waits for a login. */
export function asksForLogin(reply: string): boolean {
  return ASKING_FOR_LOGIN.some((beginning) => reply.startsWith(beginning));
}

/** Why this reply to AUTH is no login; undefined where it is one. Errors that are not known here are about it. */
export function reasonOfLogin(reply: string): Reason | undefined {
  if (reply === "+OK") return undefined;
  const reason = reply.startsWith("-") ? reasonOfPing(reply) : "ProtocolError";
  return reason === undefined || reason === "InvalidResponse" ? "AuthenticationFailed" : reason;
}
