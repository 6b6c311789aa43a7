/**
 * Reads the policy file with care and without a schema library. What this version does not know it
 * leaves out; what it knows and finds broken in one dependency makes that dependency misconfigured,
 * not the whole policy unreadable.
 */
import {
  type CredentialsReference,
  type DependencyConfig,
  MAX_DEPENDENCIES,
  MAX_MEMCACHED_SERVERS,
  type MemcachedConfig,
  type PolicyFile,
  type PostgresqlConfig,
  type SecretKeyReference,
  TLS_MODES,
  type TlsConfig,
} from "../api/policy-file.ts";
import type { Timing } from "../api/timing.ts";

type Fields = Record<string, unknown>;

/** A DNS label, so that a name fits any body, label or log line as it is. */
const NAME = /^[a-z0-9]([-a-z0-9]{0,61}[a-z0-9])?$/;
const POLICY_NAME = /^[a-z0-9]([-.a-z0-9]{0,251}[a-z0-9])?$/;
const TYPE = /^[A-Za-z0-9]{1,63}$/;
/** A bare host name or address: no scheme, user, path or white space. */
const HOST = /^[A-Za-z0-9._:-]{1,253}$/;
/** What Kubernetes allows in a Secret's name and in its keys; neither leaves its folder. */
const SECRET_NAME = /^[a-z0-9]([-.a-z0-9]{0,251}[a-z0-9])?$/;
const SECRET_KEY = /^(?!\.\.)[-._A-Za-z0-9]{1,253}$/;
const ANY_TEXT = /^[^\0]{1,4096}$/s;

/** A day: longer than any time the API takes, and below the longest delay of a timer. */
const MAX_MILLISECONDS = 86_400_000;
const MAX_THRESHOLD = 1_000;
const MAX_PORT = 65_535;

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

function text(value: unknown, path: string, pattern: RegExp): string {
  if (typeof value !== "string" || !pattern.test(value)) {
    throw new Error(`${path} is not a valid text`);
  }
  return value;
}

function whole(value: unknown, path: string, maximum: number): number {
  if (!Number.isSafeInteger(value) || (value as number) < 1 || (value as number) > maximum) {
    throw new Error(`${path} is not a whole number from 1 to ${maximum}`);
  }
  return value as number;
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
const port = (value: unknown, path: string) => whole(value, path, MAX_PORT);
const anyText = (value: unknown, path: string) => text(value, path, ANY_TEXT);

function postgresql(value: unknown, path: string): PostgresqlConfig {
  const from = fields(value, path);
  return {
    ...optional(from, "connectionString", secretKey),
    ...optional(from, "host", host),
    ...optional(from, "port", port),
    ...optional(from, "database", anyText),
    ...optional(from, "credentials", credentials),
    ...optional(from, "tls", tls),
    query: anyText(from.query, `${path}.query`),
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

function timing(value: unknown): Timing {
  const from = fields(value, "timing");
  const read = (name: keyof Timing, maximum: number) =>
    whole(from[name], `timing.${name}`, maximum);
  return {
    connectTimeoutMilliseconds: read("connectTimeoutMilliseconds", MAX_MILLISECONDS),
    checkTimeoutMilliseconds: read("checkTimeoutMilliseconds", MAX_MILLISECONDS),
    intervalMilliseconds: read("intervalMilliseconds", MAX_MILLISECONDS),
    failureThreshold: read("failureThreshold", MAX_THRESHOLD),
    successThreshold: read("successThreshold", MAX_THRESHOLD),
  };
}

function json(content: string): unknown {
  try {
    return JSON.parse(content);
  } catch {
    // The parser's own message quotes the content.
    throw new Error("not JSON");
  }
}

/**
 * The policy in the text of the policy file. Throws an Error whose message names the first broken
 * field and quotes no value.
 */
export function parsePolicyFile(content: string): PolicyFile {
  const from = fields(json(content), "policy file");
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
