/**
 * Reads the policy file with care and without a schema library. What this version does not know it
 * leaves out; what it knows and finds broken in one dependency makes that dependency misconfigured,
 * not the whole policy unreadable.
 */
import {
  MAX_DATABASE_LENGTH,
  MAX_DEPENDENCIES,
  MAX_MEMCACHED_SERVERS,
  MAX_PORT,
  MAX_QUERY_LENGTH,
} from "../api/limits.ts";
import {
  type CredentialsReference,
  type DependencyConfig,
  type MemcachedConfig,
  POLICY_FILE_FORMAT,
  type PolicyFile,
  type PostgresqlConfig,
  type SecretKeyReference,
  TLS_MODES,
  type TlsConfig,
} from "../api/policy-file.ts";
import { type Timing, withinLimits } from "../api/timing.ts";
import { isQueryText, isWireText } from "../api/wire-text.ts";

type Fields = Record<string, unknown>;
/** A regular expression, or what is asked like one. */
type Pattern = Pick<RegExp, "test">;

/** A DNS label, so that a name fits any body, label or log line as it is. */
const NAME = /^[a-z0-9]([-a-z0-9]{0,61}[a-z0-9])?$/;
const POLICY_NAME = /^[a-z0-9]([-.a-z0-9]{0,251}[a-z0-9])?$/;
const TYPE = /^[A-Za-z0-9]{1,63}$/;
/** A bare host name or address: no scheme, user, path or white space. */
const HOST = /^[A-Za-z0-9._:-]{1,253}$/;
/** What Kubernetes allows in a Secret's name and in its keys; neither leaves its folder. */
const SECRET_NAME = /^[a-z0-9]([-.a-z0-9]{0,251}[a-z0-9])?$/;
const SECRET_KEY = /^(?!\.\.)[-._A-Za-z0-9]{1,253}$/;
/** The API server counts characters, and a string of ours has up to two units for one. */
const UNITS_PER_CHARACTER = 2;
const DATABASE: Pattern = {
  test: (name) =>
    name !== "" && name.length <= UNITS_PER_CHARACTER * MAX_DATABASE_LENGTH && isWireText(name),
};
const QUERY: Pattern = {
  test: (query) =>
    query !== "" && query.length <= UNITS_PER_CHARACTER * MAX_QUERY_LENGTH && isQueryText(query),
};

function fields(value: unknown, path: string): Fields {
  if (typeof value !== "object" || value === null || Array.isArray(value)) {
    throw new Error(`${path} is not an object`);
  }
  return value as Fields;
}

function list(value: unknown, path: string, maximum: number): unknown[] {
  if (!Array.isArray(value)) throw new Error(`${path} is not a list`);
  if (value.length > maximum) throw new Error(`${path} has more than ${maximum} entries`);
  return value;
}

function text(value: unknown, path: string, pattern: Pattern): string {
  if (typeof value !== "string" || !pattern.test(value)) {
    throw new Error(`${path} is not a valid text`);
  }
  return value;
}

function integer(value: unknown, path: string): number {
  if (!Number.isSafeInteger(value)) throw new Error(`${path} is not a whole number`);
  return value as number;
}

function whole(value: unknown, path: string, maximum: number): number {
  const number = integer(value, path);
  if (number < 1 || number > maximum) {
    throw new Error(`${path} is not a whole number from 1 to ${maximum}`);
  }
  return number;
}

/** `{ [name]: read(value) }`, or nothing where the field is not set. */
function optional<K extends string, T>(
  from: Fields,
  name: K,
  read: (value: unknown, path: string) => T,
): { [key in K]?: T } {
  const value = from[name];
  if (value === undefined || value === null) return {};
  return { [name]: read(value, name) } as { [key in K]?: T };
}

function secretKey(value: unknown, path: string): SecretKeyReference {
  const from = fields(value, path);
  return {
    secretName: text(from.secretName, `${path}.secretName`, SECRET_NAME),
    key: text(from.key, `${path}.key`, SECRET_KEY),
  };
}

function credentials(value: unknown, path: string): CredentialsReference {
  const from = fields(value, path);
  return {
    secretName: text(from.secretName, `${path}.secretName`, SECRET_NAME),
    usernameKey: text(from.usernameKey, `${path}.usernameKey`, SECRET_KEY),
    passwordKey: text(from.passwordKey, `${path}.passwordKey`, SECRET_KEY),
  };
}

function tls(value: unknown, path: string): TlsConfig {
  const from = fields(value, path);
  const mode = TLS_MODES.find((known) => known === from.mode);
  if (mode === undefined) throw new Error(`${path}.mode is not known`);
  return { mode, ...optional(from, "caSecret", secretKey) };
}

const host = (value: unknown, path: string) => text(value, path, HOST);
const database = (value: unknown, path: string) => text(value, path, DATABASE);
const port = (value: unknown, path: string) => whole(value, path, MAX_PORT);

function postgresql(value: unknown, path: string): PostgresqlConfig {
  const from = fields(value, path);
  return {
    ...optional(from, "connectionString", secretKey),
    ...optional(from, "host", host),
    ...optional(from, "port", port),
    ...optional(from, "database", database),
    ...optional(from, "credentials", credentials),
    ...optional(from, "tls", tls),
    query: text(from.query, `${path}.query`, QUERY),
  };
}

function memcached(value: unknown, path: string): MemcachedConfig {
  const from = fields(value, path);
  const servers = list(from.servers, `${path}.servers`, MAX_MEMCACHED_SERVERS).map(
    (entry, index) => {
      const server = fields(entry, `${path}.servers[${index}]`);
      return {
        host: host(server.host, `${path}.servers[${index}].host`),
        port: port(server.port, `${path}.servers[${index}].port`),
      };
    },
  );
  return {
    servers,
    minAvailable: whole(from.minAvailable, `${path}.minAvailable`, servers.length),
  };
}

type Slots = Omit<DependencyConfig, "name" | "type" | "impact">;

/** One reader per dependency type; the compiler asks for a line when the contract gets a slot. */
const SLOTS: { [type in keyof Required<Slots>]: (value: unknown, path: string) => unknown } = {
  postgresql,
  memcached,
};

/**
 * The slot that `type` names, or no slot: for a type of a later version, which is reported as
 * Unsupported, and for content that is broken, which is reported as Misconfigured.
 */
function slot(type: string, from: Fields): Slots {
  if (!Object.hasOwn(SLOTS, type)) return {};
  try {
    return { [type]: SLOTS[type as keyof Slots](from[type], type) };
  } catch {
    return {};
  }
}

function dependency(value: unknown, index: number): DependencyConfig {
  const path = `dependencies[${index}]`;
  const from = fields(value, path);
  const type = text(from.type, `${path}.type`, TYPE);
  return {
    name: text(from.name, `${path}.name`, NAME),
    type,
    // An impact of a later version may be stricter or milder; reporting alone is the one that cannot
    // empty a Service.
    impact: from.impact === "Gate" ? "Gate" : "Observe",
    ...slot(type, from),
  };
}

/**
 * The times, each brought within the limits that the API server keeps to. Who may write ConfigMaps could
 * else make every pod ask a database each millisecond, or never. The nearest value, and no refusal: a
 * later version may allow more, and its policies must still reach this one. A time that is no whole
 * number comes from no version at all, and is refused.
 */
function timing(value: unknown): Timing {
  const from = fields(value, "timing");
  const read = (name: keyof Timing) => integer(from[name], `timing.${name}`);
  return withinLimits({
    connectTimeoutMilliseconds: read("connectTimeoutMilliseconds"),
    checkTimeoutMilliseconds: read("checkTimeoutMilliseconds"),
    intervalMilliseconds: read("intervalMilliseconds"),
    failureThreshold: read("failureThreshold"),
    successThreshold: read("successThreshold"),
  });
}

function json(content: string): unknown {
  try {
    return JSON.parse(content);
  } catch {
    // The parser's own message quotes the content.
    throw new Error("not JSON");
  }
}

/** The file is of a later format than this version reads. */
export interface UnsupportedFormat {
  unsupportedFormat: number;
}

/**
 * The policy in the text of the policy file. One of a later format is not read at all, since it may mean
 * something else. Throws an Error whose message names the first broken field and quotes no value.
 */
export function parsePolicyFile(content: string): PolicyFile | UnsupportedFormat {
  const from = fields(json(content), "policy file");
  const formatVersion = whole(from.formatVersion, "formatVersion", Number.MAX_SAFE_INTEGER);
  if (formatVersion > POLICY_FILE_FORMAT) return { unsupportedFormat: formatVersion };
  const dependencies = list(from.dependencies, "dependencies", MAX_DEPENDENCIES).map(dependency);
  if (new Set(dependencies.map(({ name }) => name)).size < dependencies.length) {
    throw new Error("two dependencies have one name");
  }
  return {
    policy: text(from.policy, "policy", POLICY_NAME),
    generation: whole(from.generation, "generation", Number.MAX_SAFE_INTEGER),
    timing: timing(from.timing),
    dependencies,
  };
}
