/** A policy with every default filled in: what injection, ConfigMap and status are made from. */
import { lastGoodPolicy } from "./last-good-policy.ts";
import { DEFAULT_MODE } from "./limits.ts";
import {
  type DefaultsSupplier,
  type Layer,
  layersOf,
  type MergedTimes,
  mergeImpact,
  mergeProbes,
  mergeRollout,
  mergeTimes,
  probeOf,
  type Source,
  type Sourced,
  timeSources,
  timingOf,
} from "./merge-defaults.ts";
import type { DependencyConfig, MaxUnready, Mode } from "./policy-file.ts";
import {
  firstNotNested,
  notNestedSentence,
  type ProbeTiming,
  type TimeField,
  type Timing,
} from "./timing.ts";
import type { HealthPolicySpec, ObjectMeta } from "./v1alpha1.ts";
import type { ApplicationProbes } from "./v1alpha1-application.ts";
import { dependencyConfig } from "./v1alpha1-dependency.ts";
import { maxUnreadyOf } from "./v1alpha1-fleet.ts";
import type { Rollout } from "./v1alpha1-rollout.ts";
import type { LabelSelector } from "./v1alpha1-selector.ts";
import type { SidecarResources } from "./v1alpha1-sidecar.ts";
import type { HealthPolicyStatus } from "./v1alpha1-status.ts";

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
  /** What becomes of the probes of the app's containers. */
  application: { probes: ApplicationProbes };
  /** How many pods one fault may make unready; absent: all of them. */
  maxUnready?: MaxUnready;
  /** What the policy itself asks for the sidecar; the rest is the installation's. Absent: nothing. */
  sidecarResources?: SidecarResources;
  /** What becomes of running pods that are not as the policy asks. */
  rollout: Rollout;
  /** Where each time comes from, each dependency's impact, what becomes of the app's probes, and so on. */
  sources: {
    times: Record<TimeField, Source>;
    impact: Record<string, Source>;
    probes: Source;
    maxUnready: Source;
    rollout: Source;
  };
}

/** A HealthPolicy, cut down to what is resolved. */
export interface DeclaredPolicy {
  metadata: Pick<ObjectMeta, "namespace" | "name" | "uid" | "generation" | "creationTimestamp">;
  spec: HealthPolicySpec;
  /** What it shows as in force counts while the policy is not valid. */
  status?: HealthPolicyStatus | undefined;
}

/** A policy that cannot be used as it stands. */
export interface InvalidPolicy {
  /** One sentence that says why. */
  invalid: string;
  /** Where the values come from that do not fit together. */
  between: readonly Source[];
  /** What was in force before, and still is; undefined where nothing ever was. */
  lastGood?: EffectivePolicy;
}

/** The resolved policy, or why there is none. */
export type Resolution = { policy: EffectivePolicy } | InvalidPolicy;

/** What new pods follow: the policy, else what was in force before; undefined where nothing is. */
export function policyInForce(resolution: Resolution): EffectivePolicy | undefined {
  return "policy" in resolution ? resolution.policy : resolution.lastGood;
}

function dependencyOf(
  declared: HealthPolicySpec["dependencies"][number],
  layers: readonly Layer[],
): Sourced<DependencyConfig> {
  const config = dependencyConfig(declared);
  const { value: impact, source } = mergeImpact(layers, config, declared.impact);
  return { value: { ...config, impact }, source };
}

/** The policy with these times, whether they nest or not. */
function withTimes(
  { metadata, spec }: DeclaredPolicy,
  layers: readonly Layer[],
  times: MergedTimes,
): EffectivePolicy {
  const dependencies = spec.dependencies.map((dependency) => dependencyOf(dependency, layers));
  const probes = mergeProbes(layers);
  const rollout = mergeRollout(layers);
  const sidecarResources = spec.sidecar?.resources;
  const maxUnready = maxUnreadyOf(spec.fleet?.maxUnready);
  return {
    namespace: metadata.namespace,
    name: metadata.name,
    uid: metadata.uid,
    generation: metadata.generation,
    creationTimestamp: metadata.creationTimestamp,
    selector: spec.selector,
    mode: spec.mode ?? DEFAULT_MODE,
    timing: timingOf(times),
    probe: probeOf(times),
    dependencies: dependencies.map(({ value }) => value),
    application: { probes: probes.value },
    ...(maxUnready && { maxUnready }),
    ...(sidecarResources && { sidecarResources }),
    rollout: rollout.value,
    sources: {
      times: timeSources(times),
      impact: Object.fromEntries(dependencies.map(({ value, source }) => [value.name, source])),
      probes: probes.source,
      maxUnready: spec.fleet?.maxUnready === undefined ? "built-in" : "policy",
      rollout: rollout.source,
    },
  };
}

/** A value and the object that says it, for a person. */
function said({ value, source }: Sourced<string | number>, policyName: string): string {
  if (source === "built-in") return `${value}, the built-in default`;
  if (source === "policy") return `${value} of HealthPolicy ${policyName}`;
  return `${value} of ${source.replace("/", " ")}`;
}

/**
 * The policy with the defaults of `suppliers`, the oldest first, and the built-in ones filled in. The API
 * server has refused bad input of each object already; whether times of several objects nest is decided here.
 */
export function effectivePolicy(
  declared: DeclaredPolicy,
  suppliers: readonly DefaultsSupplier[] = [],
): Resolution {
  const layers = layersOf(declared.spec, suppliers);
  const times = mergeTimes(layers);
  const policy = withTimes(declared, layers, times);
  const conflict = firstNotNested(policy.timing, policy.probe);
  if (conflict === undefined) return { policy };
  const say = (field: TimeField) => said(times[field], declared.metadata.name);
  const lastGood = lastGoodPolicy(policy, declared.status?.effective);
  return {
    invalid: notNestedSentence(conflict, say),
    between: [times[conflict.shorter].source, times[conflict.longer].source],
    ...(lastGood && { lastGood }),
  };
}
