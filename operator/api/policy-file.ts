/**
 * The contract between controller and sidecar: the JSON in the policy's ConfigMap. No schema library
 * here, because the sidecar runs in every pod; it reads with care instead (sidecar/parse-policy-file.ts).
 * Fields may be added without a new format: a sidecar ignores fields it does not know, and reports a
 * dependency whose type it does not know as `Unsupported`, so that old sidecars read new policies.
 */
import type { Timing } from "./timing.ts";

/**
 * The format of the policy file, written into it. It rises only with a change that older sidecars would
 * read wrongly. They then keep the last policy that they could read, and their pods count as outdated.
 */
export const POLICY_FILE_FORMAT = 1;

/** What a failure of a dependency does to the pod: keep it unready, or be reported alone. */
export const IMPACTS = ["Gate", "Observe"] as const;
export type Impact = (typeof IMPACTS)[number];

/** Which key of which Secret of the pod's namespace. */
export interface SecretKeyReference {
  secretName: string;
  key: string;
}

/** Where a database's user name and password are. */
export interface CredentialsReference {
  secretName: string;
  usernameKey: string;
  passwordKey: string;
}

/** How much encryption a connection needs, the least first. */
export const TLS_MODES = ["Disable", "Prefer", "Require", "VerifyFull"] as const;
export type TlsMode = (typeof TLS_MODES)[number];

/** How a connection is encrypted. */
export interface TlsConfig {
  mode: TlsMode;
  /** PEM certificates that may sign the server's; for VerifyFull. Unset: the public authorities. */
  caSecret?: SecretKeyReference;
}

/** A PostgreSQL server: either `connectionString`, or the other fields. */
export interface PostgresqlConfig {
  connectionString?: SecretKeyReference;
  host?: string;
  port?: number;
  database?: string;
  credentials?: CredentialsReference;
  /** Unset: Prefer, or with a connection string what its `sslmode` says. */
  tls?: TlsConfig;
  query: string;
}

export interface MemcachedServer {
  host: string;
  port: number;
}

/** A ring of memcached servers. */
export interface MemcachedConfig {
  servers: MemcachedServer[];
  /** How many must answer; the controller writes the number of servers where the policy says none. */
  minAvailable: number;
}

/** One dependency; exactly the slot that `type` names is set. */
export interface DependencyConfig {
  name: string;
  /** `postgresql`, `memcached`, or a type of a later version. */
  type: string;
  impact: Impact;
  postgresql?: PostgresqlConfig;
  memcached?: MemcachedConfig;
}

/** What the file says: one policy with every default filled in. */
export interface PolicyFile {
  /** Name of the HealthPolicy. */
  policy: string;
  /** metadata.generation of the HealthPolicy that this was made from. */
  generation: number;
  timing: Timing;
  dependencies: DependencyConfig[];
}

/** The whole file as the controller writes it. */
export interface WrittenPolicyFile extends PolicyFile {
  /** POLICY_FILE_FORMAT of the operator that wrote it. */
  formatVersion: number;
}

/** Every Secret key that a dependency names, in a fixed order; one that it names twice is there twice. */
export function secretKeys(dependency: DependencyConfig): SecretKeyReference[] {
  const { postgresql } = dependency;
  return [
    postgresql?.connectionString,
    postgresql?.credentials && {
      secretName: postgresql.credentials.secretName,
      key: postgresql.credentials.usernameKey,
    },
    postgresql?.credentials && {
      secretName: postgresql.credentials.secretName,
      key: postgresql.credentials.passwordKey,
    },
    postgresql?.tls?.caSecret,
  ].filter((reference) => reference !== undefined);
}
