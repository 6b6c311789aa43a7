/**
 * What a HealthPolicy, the ClusterHealthPolicies that reach its namespace and the built-in defaults come to
 * together: each value from the first of them that sets it.
 */
import type { DependencyConfig, DependencyType, Impact } from "./policy-file.ts";
import {
  DEFAULT_TIMES,
  durationMilliseconds,
  type ProbeTiming,
  type TimeField,
  type Timing,
} from "./timing.ts";
import type { HealthPolicySpec } from "./v1alpha1.ts";
import { type ApplicationProbes, DEFAULT_APPLICATION_PROBES } from "./v1alpha1-application.ts";
import type { ClusterHealthPolicySpec } from "./v1alpha1-cluster.ts";
import { DEFAULT_ROLLOUT, type Rollout } from "./v1alpha1-rollout.ts";

/** Where a value in force comes from. */
export type Source = "policy" | "built-in" | `ClusterHealthPolicy/${string}`;

/** A value in force and its source. */
export interface Sourced<T> {
  value: T;
  source: Source;
}

type Defaults = NonNullable<ClusterHealthPolicySpec["defaults"]>;

/** A ClusterHealthPolicy, as far as it supplies defaults. */
export interface DefaultsSupplier {
  name: string;
  defaults?: Defaults | undefined;
}

/** The values of one object that may set some of them. */
export type Layer = Defaults & { source: Source };

/** The layers of a HealthPolicy with this spec, the first to be asked first; `suppliers` are the oldest first. */
export function layersOf(
  {
    timing,
    probe,
    application,
    rollout,
  }: Pick<HealthPolicySpec, "timing" | "probe" | "application" | "rollout">,
  suppliers: readonly DefaultsSupplier[],
): Layer[] {
  return [
    { source: "policy", timing, probe, application, rollout },
    ...suppliers.map(
      ({ name, defaults }): Layer => ({ source: `ClusterHealthPolicy/${name}`, ...defaults }),
    ),
  ];
}

function firstSet<T>(
  layers: readonly Layer[],
  builtIn: T,
  read: (layer: Layer) => T | undefined,
): Sourced<T> {
  for (const layer of layers) {
    const value = read(layer);
    if (value !== undefined) return { value, source: layer.source };
  }
  return { value: builtIn, source: "built-in" };
}

/** Every time in force. Durations as they were written. */
export interface MergedTimes {
  connectTimeout: Sourced<string>;
  checkTimeout: Sourced<string>;
  interval: Sourced<string>;
  failureThreshold: Sourced<number>;
  successThreshold: Sourced<number>;
  periodSeconds: Sourced<number>;
  timeoutSeconds: Sourced<number>;
}

/** Merges the times of the layers. */
export function mergeTimes(layers: readonly Layer[]): MergedTimes {
  const duration = (field: "connectTimeout" | "checkTimeout" | "interval") =>
    firstSet<string>(layers, DEFAULT_TIMES[field], ({ timing }) => timing?.[field]);
  const threshold = (field: "failureThreshold" | "successThreshold") =>
    firstSet<number>(layers, DEFAULT_TIMES[field], ({ timing }) => timing?.[field]);
  const seconds = (field: "periodSeconds" | "timeoutSeconds") =>
    firstSet<number>(layers, DEFAULT_TIMES[field], ({ probe }) => probe?.[field]);
  return {
    connectTimeout: duration("connectTimeout"),
    checkTimeout: duration("checkTimeout"),
    interval: duration("interval"),
    failureThreshold: threshold("failureThreshold"),
    successThreshold: threshold("successThreshold"),
    periodSeconds: seconds("periodSeconds"),
    timeoutSeconds: seconds("timeoutSeconds"),
  };
}

/** The impact of a dependency with the built-in one filled in; `own` is what the policy states, if anything. */
export function mergeImpact(
  layers: readonly Layer[],
  { type, impact: builtIn }: Pick<DependencyConfig, "type" | "impact">,
  own: Impact | undefined,
): Sourced<Impact> {
  if (own !== undefined) return { value: own, source: "policy" };
  return firstSet<Impact>(layers, builtIn, ({ impact }) => impact?.[type as DependencyType]);
}

/** What becomes of the probes of the app's containers. */
export function mergeProbes(layers: readonly Layer[]): Sourced<ApplicationProbes> {
  return firstSet<ApplicationProbes>(
    layers,
    DEFAULT_APPLICATION_PROBES,
    ({ application }) => application?.probes,
  );
}

/** What becomes of running pods that are not as the policy asks. */
export function mergeRollout(layers: readonly Layer[]): Sourced<Rollout> {
  return firstSet<Rollout>(layers, DEFAULT_ROLLOUT, ({ rollout }) => rollout);
}

const milliseconds = (text: string) => durationMilliseconds(text) ?? Number.NaN;

/** The merged times of the checks. */
export function timingOf(times: MergedTimes): Timing {
  return {
    connectTimeoutMilliseconds: milliseconds(times.connectTimeout.value),
    checkTimeoutMilliseconds: milliseconds(times.checkTimeout.value),
    intervalMilliseconds: milliseconds(times.interval.value),
    failureThreshold: times.failureThreshold.value,
    successThreshold: times.successThreshold.value,
  };
}

/** The merged times of the probe. */
export function probeOf({ periodSeconds, timeoutSeconds }: MergedTimes): ProbeTiming {
  return { periodSeconds: periodSeconds.value, timeoutSeconds: timeoutSeconds.value };
}

/** Where each time comes from. */
export function timeSources(times: MergedTimes): Record<TimeField, Source> {
  const sources = Object.entries(times).map(([field, { source }]) => [field, source]);
  return Object.fromEntries(sources) as Record<TimeField, Source>;
}
