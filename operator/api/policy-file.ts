/**
 * The contract between controller and sidecar: the JSON in the policy's ConfigMap. No schema library
 * here, because the sidecar runs in every pod; it reads with care instead (sidecar/policy-file/).
 * Fields may be added without a new format: a sidecar ignores fields it does not know, and reports a
 * dependency whose type it does not know as `Unsupported`, so that old sidecars read new policies.
 */
import type { fillHttp } from "./slots/http.ts";
import type { fillMemcached } from "./slots/memcached.ts";
import type { fillMysql } from "./slots/mysql.ts";
import type { fillPostgresql } from "./slots/postgresql.ts";
import type { fillRedis } from "./slots/redis.ts";
import type { fillTcp } from "./slots/tcp.ts";
import type { Timing } from "./timing.ts";

/**
 * The format of the policy file, written into it. It rises only with a change that older sidecars would
 * read wrongly. They then keep the last policy that they could read, and their pods count as outdated.
 */
export const POLICY_FILE_FORMAT = 1;

/**
 * What a failure of a dependency does to the pod: keep it unready; be reported alone; or keep it unready until
 * the dependency has been up once, before the pod is first ready.
 */
export const IMPACTS = ["Gate", "Observe", "Startup"] as const;
/** One of IMPACTS. */
export type Impact = (typeof IMPACTS)[number];

/** What the failures of all dependencies do to the pod: what their impacts say, or nothing but be reported. */
export const MODES = ["Enforce", "DryRun"] as const;
/** One of MODES. */
export type Mode = (typeof MODES)[number];

/** Which key of which Secret of the pod's namespace. */
export interface SecretKeyReference {
  secretName: string;
  key: string;
}

/**
 * What the slot of each type holds: as the resource has it (slots/), with every default filled in. The
 * compiler asks for a line here, in the parser and in the sidecar once the resource has a new slot.
 */
export interface Slots {
  postgresql: ReturnType<typeof fillPostgresql>;
  mysql: ReturnType<typeof fillMysql>;
  memcached: ReturnType<typeof fillMemcached>;
  redis: ReturnType<typeof fillRedis>;
  tcp: ReturnType<typeof fillTcp>;
  http: ReturnType<typeof fillHttp>;
}

/** The name of a slot. */
export type DependencyType = keyof Slots;

/** A PostgreSQL server: either `connectionString`, or the other fields. */
export type PostgresqlConfig = Slots["postgresql"];
/** A MySQL or MariaDB server: the same. */
export type MysqlConfig = Slots["mysql"];
/** A ring of memcached servers. */
type MemcachedConfig = Slots["memcached"];
/** A Redis server: either `connectionString`, or the other fields. */
export type RedisConfig = Slots["redis"];
/** An HTTP server, and what is asked of it. */
export type HttpConfig = Slots["http"];
/** Where one server of a ring is. */
export type MemcachedServer = MemcachedConfig["servers"][number];
/** Where a database's user name and password are. */
export type CredentialsReference = NonNullable<PostgresqlConfig["credentials"]>;
/** How a connection is encrypted. */
export type TlsConfig = NonNullable<PostgresqlConfig["tls"]>;
/** How much encryption a connection needs. */
export type TlsMode = TlsConfig["mode"];

/** One dependency; exactly the slot that `type` names is set. */
export interface DependencyConfig extends Partial<Slots> {
  name: string;
  /** The name of a slot, or a type of a later version. */
  type: string;
  impact: Impact;
  /**
   * Addresses of pods that are behind a Service which this dependency names as a host, and would wait for themselves:
   * in them it only reports. At most MAX_CIRCULAR_PODS; absent where there are none, and where it only reports anyway.
   */
  circularPods?: readonly string[];
}

/** Where the sidecar of another pod of the policy listens. */
export interface PeerAddress {
  ip: string;
  port: number;
}

/** How many pods one fault may make unready: a share of them in percent, or so many pods. */
export type MaxUnready = { percent: number } | { pods: number };

/** What a sidecar needs to tell a fault that too many pods of its policy share to let them go. */
export interface FleetConfig {
  maxUnready: MaxUnready;
  /** Pods of the policy when `peers` was drawn from them. */
  pods: number;
  /** A sample of them, at most MAX_PEERS; this pod may be among them. */
  peers: PeerAddress[];
}

/** What the file says: one policy with every default filled in. */
export interface PolicyFile {
  /** Name of the HealthPolicy. */
  policy: string;
  /** metadata.generation of the HealthPolicy that this was made from. */
  generation: number;
  mode: Mode;
  timing: Timing;
  dependencies: DependencyConfig[];
  /** Absent where each pod decides for itself. */
  fleet?: FleetConfig;
}

/** The whole file as the controller writes it. */
export interface WrittenPolicyFile extends PolicyFile {
  /** POLICY_FILE_FORMAT of the operator that wrote it. */
  formatVersion: number;
}

/** The fields of a slot that name Secrets. They are called the same in every type. */
interface SecretFields {
  connectionString?: SecretKeyReference | undefined;
  credentials?:
    | { secretName: string; usernameKey?: string | undefined; passwordKey: string }
    | undefined;
  tls?: { caSecret?: SecretKeyReference | undefined } | undefined;
}

/** What keys are told apart by: the operator writes it into MOUNTED_KEYS_ENV, and the sidecar looks for it there. */
export function keyName({ secretName, key }: SecretKeyReference): string {
  return `${secretName}/${key}`;
}

/** Every Secret key that a dependency names, in a fixed order; one that it names twice is there twice. */
export function secretKeys(dependency: DependencyConfig): SecretKeyReference[] {
  // No slot at all for a type of a later version.
  const slot = dependency[dependency.type as DependencyType] as SecretFields | undefined;
  const { connectionString, credentials, tls } = slot ?? {};
  const login = [credentials?.usernameKey, credentials?.passwordKey].map(
    (key) => credentials && key !== undefined && { secretName: credentials.secretName, key },
  );
  return [connectionString, ...login, tls?.caSecret].filter((reference) => !!reference);
}
