/** Requests and limits of the sidecar on a later call. */
import type { Quantities, Resources } from "./pod.ts";
import { quantity } from "./quantity.ts";
import { RESOURCE_NAMES } from "./resource-names.ts";
import type { InjectSettings } from "./settings.ts";

function without(quantities: Quantities = {}, stated: Quantities): Quantities {
  const left = Object.entries(quantities).filter(([name]) => stated[name] === undefined);
  return Object.fromEntries(left);
}

function isSame(left: Quantities = {}, right: Quantities): boolean {
  return RESOURCE_NAMES.every((name) => quantity(left[name] ?? "") === quantity(right[name] ?? ""));
}

/**
 * Whether somebody moved CPU and memory to resources of other names, as Koordinator does in its batch pods
 * (`kubernetes.io/batch-cpu`). Only names that others made up have a slash: storage and huge pages replace neither.
 */
function isMoved({ requests, limits }: Resources): boolean {
  const stated: Quantities = { ...requests, ...limits };
  const hasMadeUp = Object.keys(stated).some((name) => name.includes("/"));
  return hasMadeUp && RESOURCE_NAMES.every((name) => stated[name] === undefined);
}

/** What a first call gives a pod that is not Guaranteed. */
type Usual = InjectSettings["resources"];

function isUsual({ requests, limits }: Resources, usual: Usual): boolean {
  return isSame(requests, { ...usual.requests }) && isSame(limits, { ...usual.limits });
}

/**
 * What others decided, and ours for each resource of which they state neither request nor limit. Where `standing` is
 * the usual, nobody has decided, and the pod may have become Guaranteed since: ours for the pod as it is now are taken.
 * In a pod that states a resource for the whole of it, all that stands stays: its amounts grew by ours once, or
 * were set by others since, and a pod whose containers ask for more is refused. Nor is anything put beside what CPU and
 * memory were moved to: a pod that is BestEffort by that would be Burstable, and ask for the sidecar's twice.
 */
export function keepResources(
  standing: Resources,
  { ours, usual, pod = {} }: { ours: Resources; usual: Usual; pod: Resources | undefined },
): Resources {
  if (isMoved(standing)) return standing;
  const ofPod = { ...pod.requests, ...pod.limits };
  const isOpen = RESOURCE_NAMES.every((name) => ofPod[name] === undefined);
  const isUntouched = isOpen && isUsual(standing, usual);
  const stated = isUntouched ? {} : { ...standing.requests, ...standing.limits, ...ofPod };
  return {
    ...standing,
    requests: { ...standing.requests, ...without(ours.requests, stated) },
    limits: { ...standing.limits, ...without(ours.limits, stated) },
  };
}
