/**
 * Pure: what PgBouncer refuses a client with -> the reason that may leave the process. Its SQLSTATE is that of a broken
 * protocol for nearly all that it says itself, and in older versions also for what the server behind it has said; taken
 * at its word, a busy pooler or a changed password would empty the Service. So here, and only here, texts are read.
 */
import type { Reason } from "../../../api/reasons.ts";
import type { ServerError } from "./postgresql-conversation.ts";

/** Said before the client is in. Seen with 1.18; those that are newer are from the sources up to 1.26. */
const WHOLE_TEXTS: ReadonlyMap<string, Reason> = new Map<string, Reason>([
  ["password authentication failed", "AuthenticationFailed"],
  ["SASL authentication failed", "AuthenticationFailed"],
  ["PAM authentication failed", "AuthenticationFailed"],
  ["LDAP authentication failed", "AuthenticationFailed"],
  ["certificate authentication failed", "AuthenticationFailed"],
  ['"trust" authentication failed', "AuthenticationFailed"],
  ["no such user", "AuthenticationFailed"],
  // Its rules of access: one that rejects, or none that fits; newer versions have words of their own for none.
  ["login rejected", "AuthenticationFailed"],
  ["no authentication method is found", "AuthenticationFailed"],
  ["no more connections allowed (max_client_conn)", "TooManyConnections"],
  ["client connections exceeded (max_db_client_connections)", "TooManyConnections"],
  ["client connections exceeded (max_user_client_connections)", "TooManyConnections"],
  ["SSL required", "TLSFailed"],
]);

/** The beginnings of texts that go on with a name: what the server behind PgBouncer refuses it with. */
const OF_THE_SERVER: readonly [string, Reason][] = [
  ['password authentication failed for user "', "AuthenticationFailed"],
  ["sorry, too many clients already", "TooManyConnections"],
  ['too many connections for role "', "TooManyConnections"],
  ['too many connections for database "', "TooManyConnections"],
  ["remaining connection slots are reserved for ", "TooManyConnections"],
];

/** A database that PgBouncer does not know. */
const NO_DATABASE = "no such database: ";

/** What the server said last is repeated so for server_login_retry; PgBouncer may cut it. */
const CACHED = "server login has been failing, cached error: ";

/** The reason of an error before the client is in; undefined where its code decides. */
export function reasonOfRefusal(error: unknown): Reason | undefined {
  const text = textOf(error);
  if (text.startsWith(NO_DATABASE)) return "Misconfigured";
  return WHOLE_TEXTS.get(text) ?? reasonOfServersText(text) ?? reasonOfCachedRefusal(error);
}

/** The same after that: PgBouncer lets clients in, and looks for a connection to the server at their query. */
export function reasonOfCachedRefusal(error: unknown): Reason | undefined {
  const text = textOf(error);
  return text.startsWith(CACHED) ? reasonOfServersText(text.slice(CACHED.length)) : undefined;
}

function reasonOfServersText(text: string): Reason | undefined {
  return OF_THE_SERVER.find(([beginning]) => text.startsWith(beginning))?.[1];
}

/** Empty for an error that is not PgBouncer's own or does not end the session. */
function textOf(error: unknown): string {
  const { severity, code, text = "" } = (error ?? {}) as Partial<ServerError>;
  return severity === "FATAL" && code === "08P01" ? text : "";
}
