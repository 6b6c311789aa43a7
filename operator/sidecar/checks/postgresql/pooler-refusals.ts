/**
 * Pure: what a pooler or proxy refuses a client with -> the reason that may leave the process. Its SQLSTATE is that of
 * a broken protocol or of an internal error for nearly all that it says itself, in older versions of PgBouncer also for
 * what the server behind it has said; taken at its word, a busy pooler or a changed password would empty the Service.
 * So here, and only here, texts are read.
 */
import type { Reason } from "../../../api/reasons.ts";
import type { ServerError } from "./postgresql-conversation.ts";

/** What ends the part of a login in which an error counts as the pooler's: the message of that name. */
export type LoginPart = "AuthenticationOk" | "ReadyForQuery";

/** A text that goes on with a name or a number, and ends in certain words where there are any. */
type Beginning = [beginning: string, reason: Reason, end?: string];

/** What one pooler says, and with which SQLSTATEs. */
interface Refusals {
  pooler: string;
  codes: readonly string[];
  severities: readonly string[];
  /** Later than this the same text is somebody else's, such as the server's own. */
  until: LoginPart;
  whole: readonly [string, Reason][];
  beginnings: readonly Beginning[];
}

/** What the server behind PgBouncer refuses it with. */
const OF_THE_SERVER: readonly Beginning[] = [
  ['password authentication failed for user "', "AuthenticationFailed"],
  ["sorry, too many clients already", "TooManyConnections"],
  ['too many connections for role "', "TooManyConnections"],
  ['too many connections for database "', "TooManyConnections"],
  ["remaining connection slots are reserved for ", "TooManyConnections"],
];

/** Seen with 1.18; those that are newer are from the sources up to 1.26. */
const PGBOUNCER: Refusals = {
  pooler: "PgBouncer",
  codes: ["08P01"],
  severities: ["FATAL"],
  until: "AuthenticationOk",
  whole: [
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
  ],
  beginnings: [
    ["no such database: ", "Misconfigured"],
    // DISABLE, of the database or of the one that it asks for users: new clients are refused, those of before go on.
    ['database "', "AuthenticationFailed", '" is disabled'],
    ['authentication database "', "AuthenticationFailed", '" is disabled'],
    // The same in older versions.
    ["database does not allow connections: ", "AuthenticationFailed"],
    ...OF_THE_SERVER,
  ],
};

/** Seen with pool_hba on. That it is full, it says with PostgreSQL's own code. */
const PGPOOL: Refusals = {
  pooler: "Pgpool-II",
  codes: ["XX000"],
  severities: ["ERROR", "FATAL"],
  until: "AuthenticationOk",
  whole: [
    ["authentication failed", "AuthenticationFailed"],
    ["SCRAM authentication failed", "AuthenticationFailed"],
    ["md5 authentication failed", "AuthenticationFailed"],
    ["clear text authentication failed", "AuthenticationFailed"],
    ["client authentication failed", "AuthenticationFailed"],
  ],
  beginnings: [["failed to authenticate with backend using ", "AuthenticationFailed"]],
};

/** From its sources, texts without a code of its own from older ones. A wrong password has PostgreSQL's SQLSTATE. */
const SUPAVISOR: Refusals = {
  pooler: "Supavisor",
  codes: ["XX000"],
  severities: ["FATAL"],
  // It says that the password is right, and looks for a place only then.
  until: "ReadyForQuery",
  whole: [],
  beginnings: [
    ["(EMAXCONN) ", "TooManyConnections"],
    ["(EMAXCONNSESSION) ", "TooManyConnections"],
    ["(EMAXCLIENTCONN) ", "TooManyConnections"],
    ["(EMAXCLIENTSESSION) ", "TooManyConnections"],
    ["(EMAXPROXYCONN) ", "TooManyConnections"],
    ["(EMAXPOOLSREACHED) ", "TooManyConnections"],
    ["Max client connections reached", "TooManyConnections"],
    ["MaxClientsInSessionMode: ", "TooManyConnections"],
    ["Max pools count reached", "TooManyConnections"],
    // Its breaker opens for a database that is down as well, in other words, which gate.
    ["(ECIRCUITBREAKER) Too many authentication errors", "AuthenticationFailed"],
    ["Circuit breaker open: Too many authentication errors", "AuthenticationFailed"],
    ["(EAUTHQUERY) user not found in the database", "AuthenticationFailed"],
    ["(ENOTFOUND) tenant/user ", "AuthenticationFailed"],
    ["(ETENANTNOTFOUND) ", "AuthenticationFailed"],
    ["Tenant or user not found", "AuthenticationFailed"],
    ["(ESSLREQUIRED) ", "TLSFailed"],
    ["SSL connection is required", "TLSFailed"],
  ],
};

/** From its sources: it throttles addresses whose logins have failed. It calls other things refused as well. */
const COCKROACH: Refusals = {
  pooler: "CockroachDB Cloud's SQL proxy",
  // The second in older versions.
  codes: ["08C00", "08004"],
  severities: ["FATAL"],
  until: "AuthenticationOk",
  whole: [
    ["codeProxyRefusedConnection: too many failed authentication attempts", "AuthenticationFailed"],
    ["codeProxyRefusedConnection: connection attempt throttled", "AuthenticationFailed"],
  ],
  beginnings: [],
};

const POOLERS: readonly Refusals[] = [PGBOUNCER, PGPOOL, SUPAVISOR, COCKROACH];

/** What the server said last is repeated so by PgBouncer for server_login_retry; it may cut it. */
const CACHED = "server login has been failing, cached error: ";

/** The reason of an error in the login, before the message `part`; undefined where its code decides. */
export function reasonOfRefusal(error: unknown, part: LoginPart): Reason | undefined {
  for (const refusals of POOLERS) {
    const counts = part === "AuthenticationOk" || refusals.until === part;
    const reason = counts ? reasonOfText(textOf(error, refusals), refusals) : undefined;
    if (reason) return reason;
  }
  return reasonOfCachedRefusal(error);
}

/** The same after that: PgBouncer lets clients in, and looks for a connection to the server at their query. */
export function reasonOfCachedRefusal(error: unknown): Reason | undefined {
  const text = textOf(error, PGBOUNCER);
  return text.startsWith(CACHED)
    ? beginningOf(text.slice(CACHED.length), OF_THE_SERVER)
    : undefined;
}

function reasonOfText(text: string, { whole, beginnings }: Refusals): Reason | undefined {
  return whole.find(([words]) => text === words)?.[1] ?? beginningOf(text, beginnings);
}

function beginningOf(text: string, beginnings: readonly Beginning[]): Reason | undefined {
  return beginnings.find(
    ([words, , end = ""]) => text.startsWith(words) && text.endsWith(end),
  )?.[1];
}

/** Empty for an error that is not this pooler's own. */
function textOf(error: unknown, { codes, severities }: Refusals): string {
  const { code = "", severity = "", text = "" } = (error ?? {}) as Partial<ServerError>;
  return codes.includes(code) && severities.includes(severity) ? text : "";
}
