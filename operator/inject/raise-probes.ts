/** Raises the times of the probes that a pod's containers bring along. Pure; the original is never changed. */
import { isDnsLabel } from "../api/name-patterns.ts";
import { EXEMPT_CONTAINERS } from "../api/standards/exempt-containers.ts";
import { type JudgedProbe, PROBE_TIME_DEFAULTS } from "../api/standards/pod-probes.ts";
import { hasRoomForAnnotations } from "./annotations-limit.ts";
import { isOversized } from "./is-oversized.ts";
import { isRewritten } from "./is-rewritten.ts";
import type { Container, Pod, Probe } from "./pod.ts";
import { type ProbeFloor, type ProbeFloors, RAISED_PROBES } from "./probe-floors.ts";
import { type LeftAlone, type Raise, recordAnnotations } from "./raised-record.ts";
import { MAX_CONTAINERS } from "./too-many-parts.ts";

/** Zero means unset, as it does to the API server. */
function seconds(probe: Probe, field: Raise["field"]): number {
  const value = Number.isSafeInteger(probe[field]) ? (probe[field] as number) : 0;
  return value || PROBE_TIME_DEFAULTS[field];
}

/** The times of a probe with the floor under them. */
function raisedTimes(probe: Probe, floor: ProbeFloor) {
  const runsCommand = probe.exec !== undefined && probe.exec !== null;
  const own = seconds(probe, "timeoutSeconds");
  const timeoutSeconds = Math.max(
    own,
    runsCommand ? floor.execTimeoutSeconds : floor.timeoutSeconds,
  );
  const isHeld = floor.periodHoldsTimeout || (floor.periodHoldsRaise && timeoutSeconds > own);
  const wanted = Math.max(floor.periodSeconds, isHeld ? timeoutSeconds : 0);
  const periodSeconds = Math.max(
    seconds(probe, "periodSeconds"),
    Math.min(wanted, floor.maxPeriodSeconds),
  );
  return { timeoutSeconds, periodSeconds };
}

/** What has been done so far. */
interface Progress {
  raises: Raise[];
  leftAlone: LeftAlone[];
}

/** The probe with raised times, or the very same one; writes into `progress` what was done. */
function raiseProbe(
  probe: Probe,
  floor: ProbeFloor,
  {
    place,
    annotations,
    progress,
  }: { place: LeftAlone; annotations: Record<string, string>; progress: Progress },
): Probe {
  const times = raisedTimes(probe, floor);
  const raises = (["timeoutSeconds", "periodSeconds"] as const)
    .map((field): Raise => ({ ...place, field, from: seconds(probe, field), to: times[field] }))
    .filter(({ from, to }) => to > from);
  if (raises.length === 0) return probe;
  // The agent asks the app with the timeout that the probe had when Istio took it: a longer one here would change
  // nothing but how long the kubelet waits for the agent.
  if (isRewritten(probe, annotations)) {
    progress.leftAlone.push(place);
    return probe;
  }
  progress.raises.push(...raises);
  return { ...probe, ...Object.fromEntries(raises.map(({ field, to }) => [field, to])) };
}

function raiseContainer(
  container: Container,
  floors: ProbeFloors,
  rest: { annotations: Record<string, string>; progress: Progress },
): Container {
  const name = String(container.name);
  // The API server refuses any other name later. The record must be made of such names alone.
  if (!isDnsLabel(name) || EXEMPT_CONTAINERS.includes(name) || isOversized(container)) {
    return container;
  }
  const raised: Partial<Record<JudgedProbe, Probe>> = {};
  for (const kind of RAISED_PROBES) {
    const probe = container[kind];
    if (!probe || isOversized(probe)) continue;
    raised[kind] = raiseProbe(probe, floors[kind], {
      place: { container: name, probe: kind },
      ...rest,
    });
  }
  return RAISED_PROBES.some((kind) => raised[kind] !== container[kind])
    ? { ...container, ...raised }
    : container;
}

/**
 * `pod` with the readiness and liveness probes of its containers raised to `floors`, and annotations that say
 * which. Handlers, startup probes, init containers and native sidecars stay as they are; no value is lowered
 * and no probe added. Where nothing is to be done, and where no pod that can run is as large, it is the very same
 * pod.
 */
export function raiseProbes(pod: Pod, floors: ProbeFloors): Pod {
  const { containers: standing = [] } = pod.spec ?? {};
  const copied = [pod, pod.metadata, pod.spec];
  if (standing.length > MAX_CONTAINERS || copied.some((part) => isOversized(part))) return pod;
  const annotations = pod.metadata?.annotations ?? {};
  const progress: Progress = { raises: [], leftAlone: [] };
  const containers = standing.map((container) =>
    raiseContainer(container, floors, { annotations, progress }),
  );
  const record = recordAnnotations(annotations, progress.raises, progress.leftAlone);
  if (Object.keys(record).length === 0) return pod;
  const metadata = hasRoomForAnnotations(annotations, record) && {
    metadata: { ...pod.metadata, annotations: { ...annotations, ...record } },
  };
  return { ...pod, ...metadata, spec: { ...pod.spec, containers } };
}
