/**
 * Pure: the parameters of a `mysql://` URL that do not stop a check. Every other one does: a word that is not known
 * here may change whom the app talks to, how safely, or what an answer means.
 *
 * Known are those of MySQL's own URLs (mysqlsh, Connector/J) and those that common drivers and frameworks add.
 */
/** One setting, spelled as each program spells it. Read and followed by connection-string.ts. */
const SSL_MODE: readonly string[] = ["ssl-mode", "ssl_mode", "sslmode", "sslMode"];

/** Of no effect on a check, whatever their value. */
const IGNORED: ReadonlySet<string> = new Set([
  // The policy's own times count, and TCP keep-alive is for connections that last.
  "connect-timeout",
  "connect_timeout",
  "connectTimeout",
  "read_timeout",
  "write_timeout",
  "socket_timeout",
  "socketTimeout",
  "timeout",
  "tcpKeepAlive",
  "enableKeepAlive",
  // The query is sent in UTF-8.
  "charset",
  "characterEncoding",
  "collation",
  "connectionCollation",
  "encoding",
  "useUnicode",
  // What the app makes of values.
  "parseTime",
  "loc",
  "timezone",
  "time_zone",
  "serverTimezone",
  "connectionTimeZone",
  "dateStrings",
  "zeroDateTimeBehavior",
  "supportBigNumbers",
  "bigNumberStrings",
  "decimalNumbers",
  // What the app's own statements may do; a check sends one that only reads.
  "allowMultiQueries",
  "multiStatements",
  "multipleStatements",
  "rewriteBatchedStatements",
  "namedPlaceholders",
  "interpolateParams",
  "autocommit",
  // Pools, prepared statements and new tries of drivers: Prisma, Active Record, Ecto, Connector/J, SQLAlchemy.
  "connection_limit",
  "connectionLimit",
  "pool",
  "pool_size",
  "pool_timeout",
  "pool_recycle",
  "pool_pre_ping",
  "max_overflow",
  "checkout_timeout",
  "idle_timeout",
  "queueLimit",
  "waitForConnections",
  "reconnect",
  "autoReconnect",
  "maxReconnects",
  "prepared_statements",
  "statement_cache_size",
  "cachePrepStmts",
  "useServerPrepStmts",
  "prepStmtCacheSize",
  "prepStmtCacheSqlLimit",
  "useLocalSessionState",
  "maintainTimeStats",
]);

/** Of no effect with these values, which say what a check does anyway. */
const IGNORED_VALUES: ReadonlyMap<string, readonly string[]> = new Map([
  ["get-server-public-key", ["true"]],
  ["allowPublicKeyRetrieval", ["true"]],
  ["compression", ["DISABLED"]],
  ["compress", ["false"]],
  ["useCompression", ["false"]],
]);

/** The parameters that are to be followed. */
export interface HonouredParameters {
  sslMode: string | undefined;
}

/**
 * Undefined as soon as one may neither be followed nor ignored, or is given twice: drivers do not agree on which of two
 * values counts.
 */
export function honouredParameters(
  parameters: Iterable<[name: string, value: string]>,
): HonouredParameters | undefined {
  const seen = new Map<string, string>();
  for (const [name, value] of parameters) {
    const setting = SSL_MODE.includes(name) ? "sslMode" : name;
    if (seen.has(setting) || !(setting === "sslMode" || isIgnored(name, value))) return undefined;
    seen.set(setting, value);
  }
  return { sslMode: seen.get("sslMode") };
}

function isIgnored(name: string, value: string): boolean {
  return IGNORED.has(name) || (IGNORED_VALUES.get(name)?.includes(value) ?? false);
}
