/**
 * A fresh connection to MySQL or MariaDB -> its greeting, and the conversation that follows, encrypted as the policy
 * asks.
 */
import type { Socket } from "node:net";
import type { Duplex } from "node:stream";
import { type CheckContext, CheckError } from "../check.ts";
import { readUntil } from "../network/read-until.ts";
import { secure } from "../tls/secure.ts";
import type { TlsTarget } from "../tls/tls-target.ts";
import { type Conversation, converse, serverError } from "./mysql-conversation.ts";
import { CAPABILITIES, type Greeting, parseGreeting } from "./mysql-greeting.ts";
import { type Account, type LoginContext, leave } from "./mysql-login.ts";
import { tlsRequest } from "./mysql-messages.ts";
import { createPacketReader, type Packet, packetBytes } from "./mysql-packets.ts";

/** A conversation that a login can begin in. */
export interface Opened {
  conversation: Conversation;
  login: LoginContext;
}

/** What is known of the connection. */
export interface OpenContext {
  account: Account;
  target: TlsTarget;
  /** The name that VerifyFull expects in the certificate. */
  host: string;
  onHandshake?: CheckContext["onHandshake"];
  signal: AbortSignal;
}

/** The sequence of the client's first packet, after the greeting's 0. */
const FIRST_SEQUENCE = 1;
const ERROR = 0xff;

/**
 * Reads the greeting and turns to TLS unless the mode is Disable. Rejects with the error that a server greets with (too
 * many connections, a blocked host), TLSFailed (no TLS although the mode needs it, or a certificate that does not
 * verify), ProtocolError, or what ended the connection.
 */
export async function open(socket: Socket, context: OpenContext): Promise<Opened> {
  const { target, account, signal } = context;
  const greeting = await readGreeting(socket, signal);
  const { capabilities } = greeting;
  const offersTls = (capabilities & CAPABILITIES.tls) !== 0;
  const openOver = (stream: Duplex, tls: boolean): Opened => {
    const sequence = tls ? FIRST_SEQUENCE + 1 : FIRST_SEQUENCE;
    const conversation = converse({ stream, socket, signal }, sequence);
    return { conversation, login: { greeting, account, tls } };
  };
  const { stream, tls } = await secure(socket, target, {
    host: context.host,
    onHandshake: context.onHandshake,
    signal,
    offersTls: async () => offersTls,
    announceTls() {
      const database = account.database !== undefined;
      const body = tlsRequest({ capabilities, tls: true, database });
      socket.write(packetBytes({ sequence: FIRST_SEQUENCE, body }));
    },
    endInOrder(over) {
      const { conversation, login } = openOver(over, over !== socket);
      return leave(conversation, login);
    },
  });
  return openOver(stream, tls);
}

async function readGreeting(socket: Socket, signal: AbortSignal): Promise<Greeting> {
  const packets: Packet[] = [];
  let bytes = 0;
  const read = createPacketReader((packet) => packets.push(packet));
  await readUntil({ stream: socket, socket, signal }, (chunk) => {
    bytes += chunk.length;
    read(chunk);
    return packets.length > 0;
  });
  const [packet] = packets;
  if (packet?.body[0] === ERROR) throw serverError(packet.body);
  // More than the greeting is either another protocol or someone who puts words, unencrypted, into the mouth of the
  // encrypted server.
  if (packet?.sequence !== 0 || bytes !== packetBytes(packet).length) {
    throw new CheckError("ProtocolError");
  }
  return parseGreeting(packet.body);
}
