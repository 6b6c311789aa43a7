/** Requests and limits of the injected container. */
import type { Container, PodSpec, Resources } from "./pod.ts";
import { quantity } from "./quantity.ts";
import type { InjectSettings, ResourceQuantities } from "./settings.ts";

/** The resources that decide a pod's quality of service. */
const RESOURCES = ["cpu", "memory"] as const;
type ResourceName = (typeof RESOURCES)[number];

function isGuaranteed({ resources }: Container): boolean {
  return RESOURCES.every((name) => {
    const limit = resources?.limits?.[name] ?? 0;
    // A request that is unset is set to the limit by the API server.
    const request = resources?.requests?.[name] ?? limit;
    return quantity(limit) > 0 && quantity(request) === quantity(limit);
  });
}

/**
 * Resources for which the pod as a whole states an amount. Its containers' amounts together may not
 * exceed that, so ours on top could get the pod refused: there the container states none and shares.
 */
function statedByPod(resources: Resources | undefined): ReadonlySet<ResourceName> {
  const stated = { ...resources?.requests, ...resources?.limits };
  return new Set(RESOURCES.filter((name) => stated[name] !== undefined));
}

function without(
  quantities: ResourceQuantities,
  left: ReadonlySet<ResourceName>,
): Partial<ResourceQuantities> {
  return Object.fromEntries(RESOURCES.filter((n) => !left.has(n)).map((n) => [n, quantities[n]]));
}

/**
 * Requests and limits for the sidecar in a pod with the containers `others`. Both are always stated: a
 * namespace with a quota refuses pods that leave one out. In a pod that is Guaranteed without us the
 * request equals the limit, or the pod would lose that class, and with it its place in the order of
 * eviction.
 */
export function sidecarResources(
  spec: PodSpec,
  others: readonly Container[],
  { requests, limits }: InjectSettings["resources"],
): Resources {
  const stated = statedByPod(spec.resources);
  const guaranteed = others.length > 0 && others.every(isGuaranteed);
  return {
    requests: without(guaranteed ? limits : requests, stated),
    limits: without(limits, stated),
  };
}
