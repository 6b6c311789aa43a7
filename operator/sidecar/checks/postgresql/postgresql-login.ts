/** Logging in to PostgreSQL: every message once and in its order. */
import { randomBytes, type X509Certificate } from "node:crypto";
import type { Reason } from "../../../api/reasons.ts";
import { CheckError } from "../check.ts";
import { NO_DATABASE } from "../problem-of-error.ts";
import { codeOf } from "../reason-of-error.ts";
import { type LoginPart, reasonOfRefusal } from "./pooler-refusals.ts";
import type { Conversation, ServerError } from "./postgresql-conversation.ts";
import {
  md5Password,
  passwordMessage,
  saslInitialMessage,
  saslMessage,
  startupMessage,
} from "./postgresql-messages.ts";
import type { Login } from "./postgresql-target.ts";
import {
  type ChannelBinding,
  endPointBinding,
  scramChallenge,
  scramFirst,
  scramProof,
  UNBOUND,
  verifyServer,
} from "./scram.ts";
import type { DeriveKeys } from "./scram-key-memory.ts";

/** As whom to log in, and what that needs. */
export interface LoginContext {
  login: Login;
  deriveKeys: DeriveKeys;
  signal: AbortSignal;
  /** The server's, where the connection is encrypted. */
  certificate?: X509Certificate | undefined;
  /** No password is sent as it is: nobody chose a connection in clear, and whoever listens would learn it. */
  withholdsPassword?: boolean | undefined;
}

/** The codes of authentication messages. */
const OK = 0;
const CLEARTEXT_PASSWORD = 3;
const MD5_PASSWORD = 5;
const SASL = 10;
const SASL_CONTINUE = 11;
const SASL_FINAL = 12;

const MD5_SALT_LENGTH = 4;
/** As many random bytes as libpq's nonce has. */
const NONCE_BYTES = 18;

interface Authentication {
  code: number;
  body: Buffer;
}

const protocolError = () => new CheckError("ProtocolError");

/**
 * Resolves when the server is ready for a query. Rejects with a ServerError or a CheckError:
 * AuthenticationFailed for a method that is not known here or does not bind the channel as the login asks,
 * for a password that nobody gave us or that is withheld, and for a server that does not know the password itself,
 * ProtocolError for a message that is malformed or not the next one.
 */
export async function logIn(conversation: Conversation, context: LoginContext): Promise<void> {
  conversation.send(startupMessage(context.login));
  await until("AuthenticationOk", getIn(conversation, context));
  await until("ReadyForQuery", becomeReady(conversation));
}

/** object_not_in_prerequisite_state: to a login, a database with ALLOW_CONNECTIONS false. Its sessions go on. */
const CLOSED_TO_NEW_SESSIONS = "55000";

/**
 * It loads libraries. In a login that fails for those that new sessions are to load (session_preload_libraries), as
 * where auditing is turned on and not installed. Sessions go on, and no SQLSTATE tells it from data that is lost.
 */
const LOADS_LIBRARIES = "dfmgr.c";

/**
 * Classes of what a server meets as such: too few resources, an operator's intervention, an error of the system, broken
 * data. Such an error has a context (`writing block`) too, and is no trigger's.
 */
const SERVER_FAULT_CLASSES = /^(53|57|58|XX)/;

/**
 * New sessions alone are refused. So they are by what the database's owner has run at each login (event triggers on
 * `login`, since PostgreSQL 17), whose errors have a context.
 */
function reasonOfClosed(error: unknown): Reason | undefined {
  const { file, context } = error as Partial<ServerError>;
  const code = codeOf(error);
  const isOfTrigger = context !== undefined && !SERVER_FAULT_CLASSES.test(code);
  const isClosed = code === CLOSED_TO_NEW_SESSIONS || file === LOADS_LIBRARIES || isOfTrigger;
  return isClosed ? "AuthenticationFailed" : undefined;
}

/** Rejects with the reason of a refusal, where a login or a pooler gives it another meaning, instead of its error. */
async function until(part: LoginPart, step: Promise<void>): Promise<void> {
  try {
    await step;
  } catch (error) {
    const reason = reasonOfRefusal(error, part) ?? reasonOfClosed(error);
    // Of all that poolers say, that is a database that they do not know.
    const problem = reason === "Misconfigured" ? NO_DATABASE : undefined;
    throw reason ? new CheckError(reason, { problem }) : error;
  }
}

async function becomeReady(conversation: Conversation): Promise<void> {
  for (;;) {
    const { type } = await conversation.next();
    if (type === "Z") return;
    // Parameters of the session, and the key to cancel a query.
    if (type !== "S" && type !== "K") throw protocolError();
  }
}

async function getIn(conversation: Conversation, context: LoginContext): Promise<void> {
  const request = await nextAuthentication(conversation);
  // Only SASL can bind the channel, so a server that asks for anything less is refused, and one that asks for
  // nothing as well: libpq does the same.
  if (context.login.channelBinding && request.code !== SASL) {
    throw new CheckError("AuthenticationFailed");
  }
  if (request.code === OK) return;
  await authenticate(conversation, request, context);
  await expectAuthentication(conversation, OK);
}

async function nextAuthentication(conversation: Conversation): Promise<Authentication> {
  const { type, body } = await conversation.next();
  if (type !== "R" || body.length < 4) throw protocolError();
  return { code: body.readUInt32BE(0), body: body.subarray(4) };
}

async function expectAuthentication(conversation: Conversation, expected: number): Promise<Buffer> {
  const { code, body } = await nextAuthentication(conversation);
  if (code !== expected) throw protocolError();
  return body;
}

async function authenticate(
  conversation: Conversation,
  { code, body }: Authentication,
  context: LoginContext,
): Promise<void> {
  const { login } = context;
  if (login.password === "") throw new CheckError("AuthenticationFailed");
  if (code === CLEARTEXT_PASSWORD) {
    if (context.withholdsPassword) throw new CheckError("AuthenticationFailed");
    return conversation.send(passwordMessage(login.password));
  }
  if (code === MD5_PASSWORD) {
    if (body.length !== MD5_SALT_LENGTH) throw protocolError();
    return conversation.send(passwordMessage(md5Password(login, body)));
  }
  if (code === SASL) return authenticateByScram(conversation, body, context);
  // A step of an exchange that has not begun; or Kerberos and the like.
  const outOfOrder = code === SASL_CONTINUE || code === SASL_FINAL;
  throw outOfOrder ? protocolError() : new CheckError("AuthenticationFailed");
}

async function authenticateByScram(
  conversation: Conversation,
  mechanisms: Buffer,
  { login, deriveKeys, signal, certificate }: LoginContext,
): Promise<void> {
  const binding: ChannelBinding | undefined = login.channelBinding
    ? endPointBinding(certificate)
    : UNBOUND;
  if (!binding || !mechanisms.toString("latin1").split("\0").includes(binding.mechanism)) {
    throw new CheckError("AuthenticationFailed");
  }
  const nonce = randomBytes(NONCE_BYTES).toString("base64");
  conversation.send(saslInitialMessage(binding.mechanism, scramFirst(nonce, binding)));
  const text = (await expectAuthentication(conversation, SASL_CONTINUE)).toString("latin1");
  const challenge = scramChallenge(text, nonce);
  const keys = await deriveKeys({ ...challenge, password: login.password }, signal);
  const proof = scramProof({ text, nonce: challenge.nonce }, keys, { nonce, binding });
  conversation.send(saslMessage(proof.message));
  const last = await expectAuthentication(conversation, SASL_FINAL);
  verifyServer(last.toString("latin1"), proof);
}
