/** A policy with every default filled in: what injection, ConfigMap and status are made from. */
import { DEFAULT_MODE } from "./limits.ts";
import type { DependencyConfig, Mode } from "./policy-file.ts";
import {
  DEFAULT_TIMES,
  durationMilliseconds,
  type ProbeTiming,
  type Timing,
  whyNotNested,
} from "./timing.ts";
import type { HealthPolicy, HealthPolicySpec } from "./v1alpha1.ts";
import { dependencyConfig } from "./v1alpha1-dependency.ts";
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
  mode: Mode;
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

/**
 * Fills in the defaults of a HealthPolicy. The API server has refused bad input already, but it compares only
 * the times that a policy sets itself; here all of them are compared.
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
      mode: spec.mode ?? DEFAULT_MODE,
      timing,
      probe,
      dependencies: spec.dependencies.map(dependencyConfig),
    },
  };
}
