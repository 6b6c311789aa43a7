/** How far the times of an app's own probes are raised. Pure. */
import type { EffectivePolicy } from "../api/effective-policy.ts";
import type { JudgedProbe } from "../api/standards/pod-probes.ts";
import type { Standards } from "../api/standards/rule.ts";

/** The probes whose times may be raised; a startupProbe decides nothing once its container has started. */
export const RAISED_PROBES = ["readinessProbe", "livenessProbe"] as const satisfies JudgedProbe[];

/** What the times of one kind of probe must come to at least, in whole seconds. */
export interface ProbeFloor {
  timeoutSeconds: number;
  /** In the place of timeoutSeconds for a probe that runs a command. */
  execTimeoutSeconds: number;
  periodSeconds: number;
  /** periodSeconds must not be less than timeoutSeconds either. */
  periodHoldsTimeout: boolean;
  /** No floor raises periodSeconds above this. */
  maxPeriodSeconds: number;
}

/** The floors of both kinds of probe. */
export type ProbeFloors = Readonly<Record<JudgedProbe, ProbeFloor>>;

/** Raises nothing. */
const NO_FLOOR: ProbeFloor = {
  timeoutSeconds: 0,
  execTimeoutSeconds: 0,
  periodSeconds: 0,
  periodHoldsTimeout: false,
  maxPeriodSeconds: Number.POSITIVE_INFINITY,
};

/** Whether the policy changes the app's probes. A dry run changes nothing in the app. */
export function alignsProbes({
  mode,
  application,
}: Pick<EffectivePolicy, "mode" | "application">): boolean {
  return application.probes === "Align" && mode !== "DryRun";
}

function floorOf(asked: Standards[JudgedProbe] = {}): ProbeFloor {
  const { minTimeoutSeconds = 0, minExecTimeoutSeconds = 0 } = asked;
  return {
    timeoutSeconds: minTimeoutSeconds,
    execTimeoutSeconds: Math.max(minTimeoutSeconds, minExecTimeoutSeconds),
    periodSeconds: 0,
    periodHoldsTimeout: asked.timeoutWithinPeriod === true,
    maxPeriodSeconds: asked.maxPeriodSeconds ?? NO_FLOOR.maxPeriodSeconds,
  };
}

/** What meets both. */
function stricter(left: ProbeFloor, right: ProbeFloor): ProbeFloor {
  return {
    timeoutSeconds: Math.max(left.timeoutSeconds, right.timeoutSeconds),
    execTimeoutSeconds: Math.max(left.execTimeoutSeconds, right.execTimeoutSeconds),
    periodSeconds: Math.max(left.periodSeconds, right.periodSeconds),
    periodHoldsTimeout: left.periodHoldsTimeout || right.periodHoldsTimeout,
    maxPeriodSeconds: Math.min(left.maxPeriodSeconds, right.maxPeriodSeconds),
  };
}

/**
 * Floors by which the app's probes wait as long as ours and are asked no more often than that. `standards` are those
 * that reach the pod's namespace, whatever follows from a violation: their ceilings hold, and of their floors none.
 * Otherwise the API server would refuse a pod for times that its author did not write.
 */
export function alignFloors(
  { probe }: Pick<EffectivePolicy, "probe">,
  standards: readonly (Standards | undefined)[],
): ProbeFloors {
  const floor = (kind: JudgedProbe): ProbeFloor => {
    const asked = standards.map((one) => floorOf(one?.[kind])).reduce(stricter, NO_FLOOR);
    const { maxPeriodSeconds, periodHoldsTimeout } = asked;
    // A timeout that must fit into the period has the period's ceiling.
    const timeoutSeconds = periodHoldsTimeout
      ? Math.min(probe.timeoutSeconds, maxPeriodSeconds)
      : probe.timeoutSeconds;
    return {
      ...NO_FLOOR,
      timeoutSeconds,
      execTimeoutSeconds: timeoutSeconds,
      periodSeconds: timeoutSeconds,
      maxPeriodSeconds,
    };
  };
  return { readinessProbe: floor("readinessProbe"), livenessProbe: floor("livenessProbe") };
}

/** Whether the standards are met by raising times, and not by people who are told. */
export function appliesStandards(standards: Standards | undefined): standards is Standards {
  return standards?.enforcement === "Apply";
}

/** The floors of those of `standards` that are applied, all together; undefined where none is. */
export function standardsFloors(
  standards: readonly (Standards | undefined)[],
): ProbeFloors | undefined {
  const applied = standards.filter(appliesStandards);
  if (applied.length === 0) return undefined;
  const floor = (probe: JudgedProbe) =>
    applied.map((one) => floorOf(one[probe])).reduce(stricter, NO_FLOOR);
  return { readinessProbe: floor("readinessProbe"), livenessProbe: floor("livenessProbe") };
}
