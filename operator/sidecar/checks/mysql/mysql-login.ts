/** Logging in to MySQL or MariaDB: every packet once and in its order. */
import { CheckError } from "../check.ts";
import type { Conversation } from "./mysql-conversation.ts";
import { CHALLENGE_LENGTH, type Greeting, textUntilNul } from "./mysql-greeting.ts";
import { handshakeResponse, QUIT } from "./mysql-messages.ts";
import {
  CACHING_SHA2,
  clearPassword,
  DEFAULT_PLUGIN,
  encryptedPassword,
  proof,
} from "./mysql-password.ts";

/** As whom to log in. */
export interface Account {
  user: string;
  password: string;
  /** Unset: no database is chosen. */
  database?: string | undefined;
}

/** Where the login stands. */
export interface LoginContext {
  greeting: Greeting;
  account: Account;
  /** Whether the connection is encrypted. */
  tls: boolean;
}

/** First bytes of packets. */
const OK = 0x00;
const MORE_DATA = 0x01;
const SWITCH_PLUGIN = 0xfe;

/** What follows MORE_DATA for caching_sha2_password: the server knows the proof; or it needs the password itself. */
const PROOF_ACCEPTED = 3;
const PASSWORD_NEEDED = 4;
/** Asks for the key to encrypt it with. */
const KEY_REQUEST = Buffer.from([2]);

/**
 * Says nothing and is an answer all the same. A client that hangs up in the middle of a login counts towards
 * max_connect_errors, after which the server takes no connection from this host, the app's included; one that is
 * refused does not count.
 */
const NO_ANSWER: Buffer = Buffer.alloc(0);

/**
 * Answers that MariaDB does not count, for ways where it would count NO_ANSWER or what comes of it as if the client had
 * hung up. For ed25519 it must have a signature's length. For parsec NO_ANSWER leads to a further question, and an
 * answer to that counts; after a first answer that is not empty MariaDB goes on to the account's next way.
 */
const UNCOUNTED_ANSWERS: ReadonlyMap<string, Buffer> = new Map([
  ["client_ed25519", Buffer.alloc(64)],
  ["parsec", Buffer.alloc(1)],
]);

/**
 * MariaDB tries the ways that an account has (IDENTIFIED VIA ... OR ...) one after the other, and asks for each. It
 * takes more than four, and nobody has them.
 */
const MAX_SWITCHES = 4;

const protocolError = () => new CheckError("ProtocolError");

/**
 * Resolves when the server is ready for a query. Rejects with a ServerError or a CheckError: AuthenticationFailed for a
 * way to log in that is not known here, ProtocolError for a packet that is malformed or not the next one.
 */
export async function logIn(
  conversation: Conversation,
  { greeting, account, tls }: LoginContext,
): Promise<void> {
  const { password } = account;
  const { challenge, capabilities } = greeting;
  let { plugin } = greeting;
  let answer = proof(plugin, password, challenge);
  if (answer === undefined) {
    plugin = DEFAULT_PLUGIN;
    answer = proof(plugin, password, challenge) ?? NO_ANSWER;
  }
  conversation.send(handshakeResponse({ ...account, plugin, answer }, { capabilities, tls }));
  let packet = await goOn(conversation, { plugin, challenge, password, tls });
  for (let switches = 0; packet[0] === SWITCH_PLUGIN; switches += 1) {
    if (switches === MAX_SWITCHES) throw protocolError();
    packet = await switchTo(conversation, { ...pluginSwitch(packet), password, tls });
  }
  if (packet[0] !== OK) throw protocolError();
}

/**
 * Ends a connection that must not see the account's name and password, in a way that the server does not count: as
 * somebody without a name, who is refused. How it is refused does not matter.
 */
export async function leave(conversation: Conversation, context: LoginContext): Promise<void> {
  const { database } = context.account;
  // Whether a database is chosen has been said already.
  const nobody = { user: "", password: "", database: database === undefined ? undefined : "" };
  await logIn(conversation, { ...context, account: nobody }).then(
    () => conversation.end(QUIT),
    () => {},
  );
}

function pluginSwitch(packet: Buffer): { plugin: string; challenge: Buffer } {
  const plugin = textUntilNul(packet.subarray(1));
  const start = 1 + plugin.length + 1;
  return { plugin, challenge: packet.subarray(start, start + CHALLENGE_LENGTH) };
}

/** A way to log in, and what it needs. */
interface Way {
  plugin: string;
  challenge: Buffer;
  password: string;
  tls: boolean;
}

/** The server asks for another way to log in. Gives what it says in the end: that it is done, or the next way. */
async function switchTo(conversation: Conversation, way: Way): Promise<Buffer> {
  const { plugin, password, challenge } = way;
  const answer = proof(plugin, password, challenge);
  if (answer === undefined) {
    return refuse(conversation, UNCOUNTED_ANSWERS.get(plugin) ?? NO_ANSWER);
  }
  if (challenge.length !== CHALLENGE_LENGTH) throw protocolError();
  conversation.send(answer);
  return goOn(conversation, way);
}

/**
 * The server asks for what is not known here or never given. It gets an answer all the same, as the account may have
 * another way, for which it then asks. AuthenticationFailed for anything else, also for a further question, as PAM has
 * one: an answer to that can take PAM longer than a check has.
 */
async function refuse(conversation: Conversation, answer: Buffer): Promise<Buffer> {
  conversation.send(answer);
  const packet = await conversation.next();
  if (packet[0] !== SWITCH_PLUGIN) throw new CheckError("AuthenticationFailed");
  return packet;
}

/**
 * What the server says to a proof, after the second half of caching_sha2_password where there is one. A server that has
 * not seen this account log in since its start needs the password itself: it gets it over an encrypted connection, or
 * encrypted with the key that it sends.
 */
async function goOn(conversation: Conversation, way: Way): Promise<Buffer> {
  const packet = await conversation.next();
  if (way.plugin !== CACHING_SHA2 || packet[0] !== MORE_DATA) return packet;
  if (packet.length !== 2) throw protocolError();
  if (packet[1] === PROOF_ACCEPTED) return conversation.next();
  if (packet[1] !== PASSWORD_NEEDED) throw protocolError();
  const { password, challenge, tls } = way;
  if (tls) {
    conversation.send(clearPassword(password));
    return conversation.next();
  }
  conversation.send(KEY_REQUEST);
  const key = await conversation.next();
  if (key[0] !== MORE_DATA) throw protocolError();
  const encrypted = encryptedPassword(password, { challenge, pem: key.subarray(1) });
  if (encrypted === undefined) return refuse(conversation, NO_ANSWER);
  conversation.send(encrypted);
  return conversation.next();
}
