/** What the last leader has written into policies about pulls and starts of the sidecar. Pure. */
import { type StartHistory, stoppedBefore } from "./injection-stop.ts";
import { readStopScope } from "./stop-message.ts";
import type { Unproven } from "./unproven.ts";
import { readUnprovenScope } from "./unproven-message.ts";

interface ReportedCondition {
  type: string;
  reason: string;
  message: string;
  lastTransitionTime: string;
}

/** A policy, as far as it is read. */
export interface ReportingPolicy {
  namespace: string;
  status: { conditions?: readonly ReportedCondition[] | undefined } | undefined;
}

/** All that is known of the sidecar's pulls and starts; before the first look it is what policies say. */
export interface StartKnowledge {
  history: StartHistory;
  unproven: Unproven;
}

/** What one policy says of this image. */
function readReport({ namespace, status }: ReportingPolicy, image: string) {
  const programmed = status?.conditions?.find(({ type }) => type === "Programmed");
  if (!programmed) return [];
  const { reason, message, lastTransitionTime } = programmed;
  const stop = reason === "ImageNotPulled" ? readStopScope(message, image) : undefined;
  const unproven = readUnprovenScope(message, image);
  // It turned True as injection went on, or False as that was stopped: no pod was injected in between.
  return [{ namespace, stop, unproven, since: Date.parse(lastTransitionTime) }];
}

/** Reads what is said of this image; `now` is of the steady clock that looks are told. */
export function readReports(
  policies: Iterable<ReportingPolicy>,
  image: string,
  now: number,
): StartKnowledge {
  const reports = [...policies].flatMap((policy) => readReport(policy, image));
  const stops = reports.filter(({ stop }) => stop !== undefined);
  const own = stops.filter(({ stop }) => stop !== "elsewhere");
  const everywhere = stops.some(({ stop }) => stop !== "here");
  const here = reports.filter(({ unproven }) => unproven === "here");
  return {
    history: stoppedBefore({ namespaces: own.map(({ namespace }) => namespace), everywhere }, now),
    unproven: {
      here: new Map(here.map(({ namespace, since }) => [namespace, since])),
      everywhere: reports.some(({ unproven }) => unproven === "everywhere"),
    },
  };
}
