/** How far the times of an app's own probes are raised. Pure. */
import type { EffectivePolicy } from "../api/effective-policy.ts";
import type { JudgedProbe } from "../api/standards/pod-probes.ts";
import type { Standards } from "../api/standards/rule.ts";

/** The probes whose times may be raised; a startupProbe decides nothing once its container has started. */
export const RAISED_PROBES = ["readinessProbe", "livenessProbe"] as const satisfies JudgedProbe[];

/** How long one kind of probe must wait at least, in whole seconds. */
interface TimeoutFloor {
  timeoutSeconds: number;
  /** In the place of timeoutSeconds for a probe that runs a command. */
  execTimeoutSeconds: number;
  /** periodSeconds must not be less than timeoutSeconds either. */
  periodHoldsTimeout: boolean;
}

/** What all of its times must come to at least, and at most by being raised. */
export interface ProbeFloor extends TimeoutFloor {
  periodSeconds: number;
  /** The same of a probe whose timeoutSeconds is raised: what its author wrote may stay longer than the period. */
  periodHoldsRaise: boolean;
  /** No floor raises periodSeconds above this. */
  maxPeriodSeconds: number;
}

/** The floors of both kinds of probe. */
export type ProbeFloors = Readonly<Record<JudgedProbe, ProbeFloor>>;

/** Raises nothing. */
const NO_FLOOR: TimeoutFloor = {
  timeoutSeconds: 0,
  execTimeoutSeconds: 0,
  periodHoldsTimeout: false,
};

/** Whether the policy changes the app's probes. A dry run changes nothing in the app. */
export function alignsProbes({
  mode,
  application,
}: Pick<EffectivePolicy, "mode" | "application">): boolean {
  return application.probes === "Align" && mode !== "DryRun";
}

function floorOf(asked: Standards[JudgedProbe] = {}): TimeoutFloor {
  const { minTimeoutSeconds = 0, minExecTimeoutSeconds = 0 } = asked;
  return {
    timeoutSeconds: minTimeoutSeconds,
    execTimeoutSeconds: Math.max(minTimeoutSeconds, minExecTimeoutSeconds),
    periodHoldsTimeout: asked.timeoutWithinPeriod === true,
  };
}

/** What meets the floors of both. */
function stricter(left: TimeoutFloor, right: TimeoutFloor): TimeoutFloor {
  return {
    timeoutSeconds: Math.max(left.timeoutSeconds, right.timeoutSeconds),
    execTimeoutSeconds: Math.max(left.execTimeoutSeconds, right.execTimeoutSeconds),
    periodHoldsTimeout: left.periodHoldsTimeout || right.periodHoldsTimeout,
  };
}

/**
 * `floor` under the ceilings of all `standards` that reach the pod's namespace, whatever follows from a violation.
 * Otherwise the API server would refuse a pod for times that its author did not write, or its workload count as a
 * violation that its author cannot mend.
 */
function underCeilings(
  floor: TimeoutFloor & Pick<ProbeFloor, "periodSeconds">,
  kind: JudgedProbe,
  standards: readonly (Standards | undefined)[],
): ProbeFloor {
  const asked = standards.map((one) => one?.[kind] ?? {});
  const periodHoldsRaise = asked.some(({ timeoutWithinPeriod }) => timeoutWithinPeriod);
  const maxPeriodSeconds = Math.min(
    ...asked.map((one) => one.maxPeriodSeconds ?? Number.POSITIVE_INFINITY),
  );
  // A timeout that must fit into the period has the period's ceiling.
  const maxTimeoutSeconds = periodHoldsRaise ? maxPeriodSeconds : Number.POSITIVE_INFINITY;
  return {
    ...floor,
    timeoutSeconds: Math.min(floor.timeoutSeconds, maxTimeoutSeconds),
    execTimeoutSeconds: Math.min(floor.execTimeoutSeconds, maxTimeoutSeconds),
    periodHoldsRaise,
    maxPeriodSeconds,
  };
}

/**
 * Floors by which the app's probes wait as long as ours and are asked no more often than that. Of `standards`, which
 * are those of the pod's namespace, the ceilings hold, and of their floors none.
 */
export function alignFloors(
  { probe: { timeoutSeconds } }: Pick<EffectivePolicy, "probe">,
  standards: readonly (Standards | undefined)[],
): ProbeFloors {
  const floor = {
    ...NO_FLOOR,
    timeoutSeconds,
    execTimeoutSeconds: timeoutSeconds,
    periodSeconds: timeoutSeconds,
  };
  return {
    readinessProbe: underCeilings(floor, "readinessProbe", standards),
    livenessProbe: underCeilings(floor, "livenessProbe", standards),
  };
}

/** Whether the standards are met by raising times, and not by people who are told. */
export function appliesStandards(standards: Standards | undefined): standards is Standards {
  return standards?.enforcement === "Apply";
}

/**
 * The floors of those of `standards` that are applied, all together, under the ceilings of all; undefined where none is
 * applied.
 */
export function standardsFloors(
  standards: readonly (Standards | undefined)[],
): ProbeFloors | undefined {
  const applied = standards.filter(appliesStandards);
  if (applied.length === 0) return undefined;
  const floor = (kind: JudgedProbe) => {
    const asked = applied.map((one) => floorOf(one[kind])).reduce(stricter, NO_FLOOR);
    return underCeilings({ ...asked, periodSeconds: 0 }, kind, standards);
  };
  return { readinessProbe: floor("readinessProbe"), livenessProbe: floor("livenessProbe") };
}
