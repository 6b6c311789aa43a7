/**
 * Pure: the parameters of a `postgresql://` URL that do not stop a check. Every other one does: a word that
 * is not known here may change whom the app talks to, how safely, or what an answer means.
 *
 * Known are libpq's parameters (PostgreSQL 18, "Parameter Key Words") and those that common drivers add.
 */

/** Read and followed by connection-string.ts. */
const HONOURED = [
  "host",
  "port",
  "user",
  "password",
  "dbname",
  "options",
  "sslmode",
  "sslrootcert",
  "channel_binding",
] as const;

/** Of no effect on a check, whatever their value. */
const IGNORED: ReadonlySet<string> = new Set([
  // The policy's own times count, and TCP keep-alive is for connections that last.
  "connect_timeout",
  "keepalives",
  "keepalives_count",
  "keepalives_idle",
  "keepalives_interval",
  "tcp_user_timeout",
  "statement_timeout",
  "lock_timeout",
  "query_timeout",
  "idle_in_transaction_session_timeout",
  "socket_timeout",
  // The check has a name of its own, and sends its query in UTF-8.
  "application_name",
  "fallback_application_name",
  "client_encoding",
  "encoding",
  "TimeZone",
  "timezone",
  // An order of addresses; there is one host, and all of its addresses are tried.
  "load_balance_hosts",
  // Compression of TLS is never used.
  "sslcompression",
  // Where the app's own tables are. The policy's query says so itself.
  "schema",
  "search_path",
  // Pools and prepared statements of drivers: Prisma, pgx, Ecto, Active Record, asyncpg, lib/pq, JDBC-like.
  "pgbouncer",
  "supa",
  "connection_limit",
  "pool",
  "pool_size",
  "pool_timeout",
  "pool_max_conns",
  "pool_min_conns",
  "pool_min_idle_conns",
  "pool_max_conn_lifetime",
  "pool_max_conn_lifetime_jitter",
  "pool_max_conn_idle_time",
  "pool_health_check_period",
  "max_conns",
  "min_conns",
  "idle_timeout",
  "checkout_timeout",
  "prepared_statements",
  "statement_cache_size",
  "statement_cache_capacity",
  "description_cache_capacity",
  "default_query_exec_mode",
  "binary_parameters",
  // How Node.js's driver reads `sslmode`; it is read here as libpq reads it, in any case.
  "uselibpqcompat",
]);

/** Of no effect with these values, which say what a check does anyway. */
const IGNORED_VALUES: ReadonlyMap<string, readonly string[]> = new Map([
  ["gssencmode", ["disable", "prefer"]],
  ["sslnegotiation", ["postgres"]],
  ["sslcertmode", ["disable", "allow"]],
  ["sslsni", ["1"]],
  // TLS 1.2 is the oldest that a check speaks.
  ["ssl_min_protocol_version", ["TLSv1", "TLSv1.1", "TLSv1.2"]],
  // With one host there is nothing to choose from; the other values refuse a server.
  ["target_session_attrs", ["any", "prefer-standby"]],
  ["min_protocol_version", ["3.0"]],
  ["max_protocol_version", ["3.0", "3.2", "latest"]],
]);

/** A parameter that connection-string.ts reads. */
export type HonouredParameter = (typeof HONOURED)[number];

/**
 * The parameters that are to be followed, by name; undefined as soon as one may neither be followed nor
 * ignored, or is given twice: drivers do not agree on which of two values counts.
 */
export function honouredParameters(
  parameters: Iterable<[name: string, value: string]>,
): ReadonlyMap<HonouredParameter, string> | undefined {
  const seen = new Map<string, string>();
  for (const [name, value] of parameters) {
    if (seen.has(name) || !(isHonoured(name) || isIgnored(name, value))) return undefined;
    seen.set(name, value);
  }
  return new Map(HONOURED.flatMap((name) => entry(name, seen.get(name))));
}

function isHonoured(name: string): boolean {
  return HONOURED.some((honoured) => honoured === name);
}

function isIgnored(name: string, value: string): boolean {
  return IGNORED.has(name) || (IGNORED_VALUES.get(name)?.includes(value) ?? false);
}

function entry(name: HonouredParameter, value: string | undefined): [HonouredParameter, string][] {
  return value === undefined ? [] : [[name, value]];
}
