/** Pure: what the policy file says about one dependency, read with care: the file can be in other hands. */
import {
  DIRECT_TLS_MODES,
  HTTP_METHODS,
  MAX_DATABASE_LENGTH,
  MAX_HOST_HEADER_LENGTH,
  MAX_MEMCACHED_SERVERS,
  MAX_MYSQL_DATABASE_LENGTH,
  MAX_PATH_LENGTH,
  MAX_PORT,
  MAX_QUERY_LENGTH,
  MAX_STATUS,
  MIN_STATUS,
  TLS_MODES,
} from "../../api/limits.ts";
import { isDnsSubdomain, isSecretKey } from "../../api/name-patterns.ts";
import type {
  CredentialsReference,
  DependencyType,
  HttpConfig,
  MemcachedServer,
  RedisConfig,
  SecretKeyReference,
  Slots,
  TlsConfig,
} from "../../api/policy-file.ts";
import {
  HOST_HEADER_PATTERN,
  isQueryText,
  isWireText,
  REQUEST_PATH_PATTERN,
} from "../../api/wire-text.ts";
import {
  listOf,
  numberReader,
  object,
  oneOf,
  optional,
  type Pattern,
  type Reader,
  textReader,
} from "./parse-fields.ts";

/** A bare host name or address: no scheme, user, path or white space. */
const HOST = /^[A-Za-z0-9._:-]{1,253}$/;
/** The API server counts characters, and a string of ours has up to two units for one. */
const UNITS_PER_CHARACTER = 2;
const databaseName = (maxLength: number): Pattern => ({
  test: (name) => name !== "" && name.length <= UNITS_PER_CHARACTER * maxLength && isWireText(name),
});
const QUERY: Pattern = {
  test: (query) =>
    query !== "" && query.length <= UNITS_PER_CHARACTER * MAX_QUERY_LENGTH && isQueryText(query),
};
const matching = (pattern: string, maximum: number): Pattern => ({
  test: (value) => value.length <= maximum && new RegExp(pattern).test(value),
});
const REQUEST_PATH = matching(REQUEST_PATH_PATTERN, MAX_PATH_LENGTH);
const HOST_HEADER = matching(HOST_HEADER_PATTERN, MAX_HOST_HEADER_LENGTH);

const host = textReader(HOST);
const port = numberReader({ minimum: 1, maximum: MAX_PORT });
const query = textReader(QUERY);
const secretName = textReader({ test: isDnsSubdomain });
const key = textReader({ test: isSecretKey });
const secretKey = object<SecretKeyReference>({ secretName, key });
const credentials = object<CredentialsReference>({
  secretName,
  usernameKey: key,
  passwordKey: key,
});
const tls = object<TlsConfig>({ mode: oneOf(TLS_MODES), caSecret: optional(secretKey) });
const directTls = object<HttpConfig["tls"]>({
  mode: oneOf(DIRECT_TLS_MODES),
  caSecret: optional(secretKey),
});

/** Both databases have the same fields. */
const database = (maxNameLength: number) =>
  object<Slots["postgresql"] & Slots["mysql"]>({
    connectionString: optional(secretKey),
    host: optional(host),
    port: optional(port),
    database: optional(textReader(databaseName(maxNameLength))),
    credentials: optional(credentials),
    tls: optional(tls),
    query,
  });
const postgresql = database(MAX_DATABASE_LENGTH);
const mysql = database(MAX_MYSQL_DATABASE_LENGTH);

const server = object<MemcachedServer>({ host, port });
const memcached: Reader<Slots["memcached"]> = (value, path) => {
  const ring = object<Slots["memcached"]>({
    servers: listOf(server, MAX_MEMCACHED_SERVERS),
    minAvailable: numberReader({ minimum: 1, maximum: MAX_MEMCACHED_SERVERS }),
  })(value, path);
  if (ring.minAvailable > ring.servers.length) {
    throw new Error(`${path}.minAvailable is more than there are servers`);
  }
  return ring;
};

const redis = object<RedisConfig>({
  connectionString: optional(secretKey),
  host: optional(host),
  port: optional(port),
  credentials: optional(
    object<NonNullable<RedisConfig["credentials"]>>({
      secretName,
      usernameKey: optional(key),
      passwordKey: key,
    }),
  ),
  tls: optional(directTls),
});

const tcp = object<Slots["tcp"]>({ host, port });

const status = numberReader({ minimum: MIN_STATUS, maximum: MAX_STATUS });
const http = object<HttpConfig>({
  host,
  port,
  method: oneOf(HTTP_METHODS),
  path: textReader(REQUEST_PATH),
  hostHeader: optional(textReader(HOST_HEADER)),
  expectedStatus: object<HttpConfig["expectedStatus"]>({ minimum: status, maximum: status }),
  tls: directTls,
});

/** One reader per type; the compiler asks for one when the resource gets a slot, and for each of its fields. */
const READERS: { [T in DependencyType]: Reader<Slots[T]> } = {
  postgresql,
  mysql,
  memcached,
  redis,
  tcp,
  http,
};

/** The types of READERS. */
export const PARSED_TYPES: readonly string[] = Object.keys(READERS);

/**
 * The slot that `type` names, or no slot: for a type of a later version, which is reported as
 * Unsupported, and for content that is broken, which is reported as Misconfigured.
 */
export function parseSlot(type: string, value: unknown): Partial<Slots> {
  if (!Object.hasOwn(READERS, type)) return {};
  try {
    return { [type]: READERS[type as DependencyType](value, type) };
  } catch {
    return {};
  }
}
