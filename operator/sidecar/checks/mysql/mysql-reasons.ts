/** Pure: the number of a MySQL or MariaDB error -> the reason that may leave the process. */
import type { Reason } from "../../../api/reasons.ts";
import { BAD_QUERY, NO_DATABASE } from "../problem-of-error.ts";

/**
 * The numbers of both servers, whose texts are never read. Both share those below 1,900; above, each has its own.
 */
const REASONS: ReadonlyMap<number, Reason> = new Map<number, Reason>([
  [1040, "TooManyConnections"],
  // The limit of this user, in all or per hour.
  [1203, "TooManyConnections"],
  [1226, "TooManyConnections"],
  // Out of memory or threads: busy, not broken.
  [1037, "TooManyConnections"],
  [1038, "TooManyConnections"],
  [1041, "TooManyConnections"],
  [1135, "TooManyConnections"],
  // "Host is blocked because of many connection errors": the server takes no connection from here, the app's included.
  [1129, "ConnectionRefused"],
  // Not from this host, a wrong password, no right to this database, table, column, action or routine.
  [1130, "AuthenticationFailed"],
  [1045, "AuthenticationFailed"],
  [1698, "AuthenticationFailed"],
  [1044, "AuthenticationFailed"],
  [1142, "AuthenticationFailed"],
  [1143, "AuthenticationFailed"],
  [1227, "AuthenticationFailed"],
  [1370, "AuthenticationFailed"],
  // A way to log in that either side does not know; a password that is expired; an account that is locked.
  [1251, "AuthenticationFailed"],
  [1275, "AuthenticationFailed"],
  [1524, "AuthenticationFailed"],
  [1820, "AuthenticationFailed"],
  [1862, "AuthenticationFailed"],
  [3118, "AuthenticationFailed"],
  [4151, "AuthenticationFailed"],
  // Locked by too many wrong passwords: of MySQL's FAILED_LOGIN_ATTEMPTS, of MariaDB's max_password_errors.
  [3955, "AuthenticationFailed"],
  [4150, "AuthenticationFailed"],
  // Its init_connect fails, which is run for each new session; those of before go on.
  [1184, "AuthenticationFailed"],
  [1049, "Misconfigured"],
  // ProxySQL does not understand what was set for the session, and a rule sends the query to another server.
  [9006, "Misconfigured"],
  // The server takes encrypted connections alone.
  [3159, "TLSFailed"],
  // Shutting down; killed by an administrator; idle for too long.
  [1053, "ConnectionClosed"],
  [1927, "ConnectionClosed"],
  [4031, "ConnectionClosed"],
  // A node of Galera that is not part of its cluster; a server that is switched offline.
  [1047, "ServerStarting"],
  [3032, "ServerStarting"],
  [1043, "ProtocolError"],
  // The server ended the query at a time limit, ours (the check's deadline) or its own, or was told to.
  [1317, "CheckTimeout"],
  [1969, "CheckTimeout"],
  [3024, "CheckTimeout"],
]);

/** Every other error, such as a table that does not exist or a write in a session that only reads: InvalidResponse. */
export function reasonOfNumber(number: number): Reason {
  return REASONS.get(number) ?? "InvalidResponse";
}

const PROBLEMS: ReadonlyMap<number, string> = new Map([
  [1049, NO_DATABASE],
  [1054, BAD_QUERY],
  [1064, BAD_QUERY],
  [1146, BAD_QUERY],
  [1305, BAD_QUERY],
  [3159, "the server takes encrypted connections alone, and tls.mode is Disable"],
  [9006, "a ProxySQL does not know what is set for the session"],
]);

/** As problemOfError, of the number. */
export function problemOfNumber(number: number): string | undefined {
  return PROBLEMS.get(number);
}
