/** A policy with every default filled in: what injection, ConfigMap and status are made from. */
import { DEFAULT_TIMES } from "./default-times.ts";
import type { DependencyConfig, PostgresqlConfig, SecretKeyReference } from "./probe-config.ts";
import { durationMilliseconds, type ProbeTiming, type Timing, whyNotNested } from "./timing.ts";
import type { HealthPolicy, HealthPolicySpec, LabelSelector } from "./v1alpha1.ts";

/** A HealthPolicy, resolved. Times in milliseconds and seconds as the names say. */
export interface EffectivePolicy {
  namespace: string;
  name: string;
  uid: string;
  generation: number;
  /** RFC 3339; the older of two policies that match a pod wins. */
  creationTimestamp: string;
  selector: LabelSelector;
  timing: Timing;
  probe: ProbeTiming;
  dependencies: DependencyConfig[];
}

/** Either the resolved policy, or one sentence that says why it cannot be used. */
export type Resolution = { policy: EffectivePolicy } | { invalid: string };

const POSTGRESQL_PORT = 5_432;

function milliseconds(text: string | undefined, fallback: string): number {
  return durationMilliseconds(text ?? fallback) ?? Number.NaN;
}

function timingOf(timing: HealthPolicySpec["timing"]): Timing {
  return {
    connectTimeoutMilliseconds: milliseconds(timing?.connectTimeout, DEFAULT_TIMES.connectTimeout),
    checkTimeoutMilliseconds: milliseconds(timing?.checkTimeout, DEFAULT_TIMES.checkTimeout),
    intervalMilliseconds: milliseconds(timing?.interval, DEFAULT_TIMES.interval),
    failureThreshold: timing?.failureThreshold ?? DEFAULT_TIMES.failureThreshold,
    successThreshold: timing?.successThreshold ?? DEFAULT_TIMES.successThreshold,
  };
}

function probeOf(probe: HealthPolicySpec["probe"]): ProbeTiming {
  return {
    periodSeconds: probe?.periodSeconds ?? DEFAULT_TIMES.periodSeconds,
    timeoutSeconds: probe?.timeoutSeconds ?? DEFAULT_TIMES.timeoutSeconds,
  };
}

type PostgresqlSpec = NonNullable<HealthPolicySpec["dependencies"][number]["postgresql"]>;

function tlsOf(tls: NonNullable<PostgresqlSpec["tls"]>): NonNullable<PostgresqlConfig["tls"]> {
  return { mode: tls.mode, ...(tls.caSecret && { caSecret: tls.caSecret }) };
}

function postgresqlOf(spec: PostgresqlSpec): PostgresqlConfig {
  const target: { connectionString: SecretKeyReference } | Partial<PostgresqlConfig> =
    spec.connectionString
      ? { connectionString: spec.connectionString }
      : {
          ...(spec.host !== undefined && { host: spec.host }),
          port: spec.port ?? POSTGRESQL_PORT,
          ...(spec.database !== undefined && { database: spec.database }),
          ...(spec.credentials && { credentials: spec.credentials }),
        };
  return { ...target, ...(spec.tls && { tls: tlsOf(spec.tls) }), query: spec.query };
}

function dependencyOf(spec: HealthPolicySpec["dependencies"][number]): DependencyConfig {
  const common = { name: spec.name, impact: spec.impact ?? "Gate" } as const;
  if (spec.postgresql) {
    return { ...common, type: "postgresql", postgresql: postgresqlOf(spec.postgresql) };
  }
  const servers = spec.memcached?.servers ?? [];
  const minAvailable = spec.memcached?.minAvailable ?? servers.length;
  return { ...common, type: "memcached", memcached: { servers, minAvailable } };
}

/**
 * Fills in the defaults of a HealthPolicy. The API server has refused bad input already; what is left
 * to refuse here is what it cannot compare: times after merging.
 */
export function effectivePolicy(policy: HealthPolicy): Resolution {
  const { metadata, spec } = policy;
  const timing = timingOf(spec.timing);
  const probe = probeOf(spec.probe);
  const invalid = whyNotNested(timing, probe);
  if (invalid !== undefined) return { invalid };
  return {
    policy: {
      namespace: metadata.namespace,
      name: metadata.name,
      uid: metadata.uid,
      generation: metadata.generation,
      creationTimestamp: metadata.creationTimestamp,
      selector: spec.selector,
      timing,
      probe,
      dependencies: spec.dependencies.map(dependencyOf),
    },
  };
}
