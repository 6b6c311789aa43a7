/** A policy with every default filled in: what injection, ConfigMap and status are made from. */
import { DEPENDENCY_DEFAULTS } from "./limits.ts";
import type {
  CredentialsReference,
  DependencyConfig,
  MemcachedConfig,
  PostgresqlConfig,
  SecretKeyReference,
} from "./policy-file.ts";
import {
  DEFAULT_TIMES,
  durationMilliseconds,
  type ProbeTiming,
  type Timing,
  whyNotNested,
} from "./timing.ts";
import type { HealthPolicy, HealthPolicySpec } from "./v1alpha1.ts";
import { DEPENDENCY_TYPES } from "./v1alpha1-dependency.ts";
import type { LabelSelector } from "./v1alpha1-selector.ts";

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

type DependencySpec = HealthPolicySpec["dependencies"][number];
type DependencyType = (typeof DEPENDENCY_TYPES)[number];
/** What each type's slot holds where it is set. */
type Slots = { [T in DependencyType]: NonNullable<DependencySpec[T]> };

function tlsOf({ mode, caSecret }: NonNullable<Slots["postgresql"]["tls"]>) {
  return {
    mode: mode ?? DEPENDENCY_DEFAULTS.postgresql.tlsMode,
    ...(caSecret && { caSecret }),
  };
}

function credentialsOf({
  secretName,
  usernameKey = DEPENDENCY_DEFAULTS.postgresql.usernameKey,
  passwordKey = DEPENDENCY_DEFAULTS.postgresql.passwordKey,
}: NonNullable<Slots["postgresql"]["credentials"]>): CredentialsReference {
  return { secretName, usernameKey, passwordKey };
}

function postgresqlOf(spec: Slots["postgresql"]): PostgresqlConfig {
  const { port, query } = DEPENDENCY_DEFAULTS.postgresql;
  const target: { connectionString: SecretKeyReference } | Partial<PostgresqlConfig> =
    spec.connectionString
      ? { connectionString: spec.connectionString }
      : {
          ...(spec.host !== undefined && { host: spec.host }),
          port: spec.port ?? port,
          ...(spec.database !== undefined && { database: spec.database }),
          ...(spec.credentials && { credentials: credentialsOf(spec.credentials) }),
        };
  return { ...target, ...(spec.tls && { tls: tlsOf(spec.tls) }), query: spec.query ?? query };
}

function memcachedOf({ servers, minAvailable }: Slots["memcached"]): MemcachedConfig {
  return {
    servers: servers.map(({ host, port = DEPENDENCY_DEFAULTS.memcached.port }) => ({ host, port })),
    minAvailable: minAvailable ?? servers.length,
  };
}

/** One entry per type: the compiler asks for it when the schema gets a new slot. */
const SLOT_TO_CONFIG: {
  [T in DependencyType]: (slot: Slots[T]) => NonNullable<DependencyConfig[T]>;
} = { postgresql: postgresqlOf, memcached: memcachedOf };

function slotOf<T extends DependencyType>(
  type: T,
  spec: { [K in DependencyType]?: Slots[K] | undefined },
) {
  const slot = spec[type];
  return slot === undefined ? undefined : { type, [type]: SLOT_TO_CONFIG[type](slot) };
}

/** The API server lets through exactly one slot. */
function dependencyOf(spec: DependencySpec): DependencyConfig {
  const { name, impact = DEPENDENCY_DEFAULTS.impact } = spec;
  const [slot] = DEPENDENCY_TYPES.map((type) => slotOf(type, spec)).filter((s) => s !== undefined);
  return { name, impact, type: "", ...slot };
}

/**
 * Fills in the defaults of a HealthPolicy. The API server has refused bad input already. Times are compared
 * once more, because a policy may have been stored before its CRD had the rule.
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
