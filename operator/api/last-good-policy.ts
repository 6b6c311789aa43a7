/** What is still in force of a policy that cannot be used as it stands, read from its status. */
import type { EffectivePolicy } from "./effective-policy.ts";
import {
  type MergedTimes,
  probeOf,
  type Source,
  type Sourced,
  timeSources,
  timingOf,
} from "./merge-defaults.ts";
import { MODES } from "./policy-file.ts";
import {
  DEFAULT_TIMES,
  durationMilliseconds,
  firstNotNested,
  NUMBER_LIMITS,
  nearest,
  withinLimits,
} from "./timing.ts";
import { APPLICATION_PROBES, type ApplicationProbes } from "./v1alpha1-application.ts";
import type { HealthPolicyStatus } from "./v1alpha1-status.ts";

type Shown = NonNullable<HealthPolicyStatus["effective"]>;
interface ShownTime {
  value?: string | number | undefined;
  source?: string | undefined;
}

/** Whether the value is one that this field can have; durations are brought within their limits later. */
function isTime(field: string, value: unknown): boolean {
  const limits = Object.hasOwn(NUMBER_LIMITS, field)
    ? NUMBER_LIMITS[field as keyof typeof NUMBER_LIMITS]
    : undefined;
  if (limits === undefined) {
    return typeof value === "string" && durationMilliseconds(value) !== undefined;
  }
  return Number.isInteger(value) && value === nearest(value as number, limits);
}

/** The times of a status; undefined unless it has all of them. */
function timesIn({ timing, probe }: Shown): MergedTimes | undefined {
  const times: Record<string, ShownTime | undefined> = { ...timing, ...probe };
  const whole = Object.keys(DEFAULT_TIMES).every((field) => isTime(field, times[field]?.value));
  return whole ? (times as unknown as MergedTimes) : undefined;
}

/** What becomes of the app's probes by a status; one of before that field shows what the policy says now. */
function probesIn({ application }: Shown, policy: EffectivePolicy): Sourced<ApplicationProbes> {
  const { value, source } = application?.probes ?? {};
  const shown = APPLICATION_PROBES.find((one) => one === value);
  if (shown === undefined) {
    return { value: policy.application.probes, source: policy.sources.probes };
  }
  return { value: shown, source: (source as Source | undefined) ?? "built-in" };
}

/**
 * `policy` with the times and impacts that its status shows as in force, which are those of its ConfigMap.
 * Undefined where the status shows none, as for a policy that was never accepted. The status survives a restart of
 * the operator, and every replica sees the same one.
 */
export function lastGoodPolicy(
  policy: EffectivePolicy,
  shown: Shown | undefined,
): EffectivePolicy | undefined {
  const times = shown && timesIn(shown);
  if (!times) return undefined;
  const timing = withinLimits(timingOf(times));
  const probe = probeOf(times);
  if (firstNotNested(timing, probe) !== undefined) return undefined;
  const impacts = new Map(shown.impact?.map((one) => [one.name, one]));
  const sources = policy.dependencies.map(({ name }): [string, Source] => [
    name,
    (impacts.get(name)?.source as Source | undefined) ?? policy.sources.impact[name] ?? "built-in",
  ]);
  const probes = probesIn(shown, policy);
  return {
    ...policy,
    mode: MODES.find((mode) => mode === shown.mode) ?? policy.mode,
    timing,
    probe,
    dependencies: policy.dependencies.map((dependency) => ({
      ...dependency,
      impact: (impacts.get(dependency.name)?.impact ??
        dependency.impact) as typeof dependency.impact,
    })),
    application: { probes: probes.value },
    sources: {
      times: timeSources(times),
      impact: Object.fromEntries(sources),
      probes: probes.source,
      maxUnready: policy.sources.maxUnready,
      // Nothing is evicted for a policy that is not accepted.
      rollout: policy.sources.rollout,
    },
  };
}
