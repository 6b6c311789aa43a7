/** Test fixture: a conversation with a server that says what the test wrote down, and nothing more. */
import { CheckError } from "../../check.ts";
import type { Conversation } from "../mysql-conversation.ts";

/** A conversation and what the client has said in it. */
export interface Scripted {
  conversation: Conversation;
  /** Further packets of an exchange. */
  sent: Buffer[];
  /** First packets of exchanges, the last one included. */
  commands: Buffer[];
  /** How many packets of the script the client has not waited for. */
  unread(): number;
}

/** `script` has the bodies of packets, and errors in their place. */
export function scripted(script: (Buffer | Error)[]): Scripted {
  const left = [...script];
  const sent: Buffer[] = [];
  const commands: Buffer[] = [];
  const conversation: Conversation = {
    send: (body) => sent.push(body),
    command: (body) => commands.push(body),
    async end(body) {
      commands.push(body);
    },
    async next() {
      const packet = left.shift();
      // As a server that falls silent: the client waits for more than there is.
      if (!packet) throw new CheckError("CheckTimeout");
      if (packet instanceof Error) throw packet;
      return packet;
    },
  };
  return { conversation, sent, commands, unread: () => left.length };
}
