/** What a pod with the sidecar asks for as a whole. */
import { hasOurName, otherContainers } from "./other-containers.ts";
import type { Container, Pod, Quantities, Resources } from "./pod.ts";
import { withPodRequests } from "./pod-requests.ts";
import { addQuantities, isLess, isZero } from "./quantity.ts";
import { RESOURCE_NAMES } from "./resource-names.ts";

function withOurs(amounts: Quantities, ours: Quantities): Quantities {
  const stated = RESOURCE_NAMES.flatMap((name) => {
    const amount = amounts[name];
    return amount === undefined ? [] : [[name, addQuantities(amount, ours[name] ?? 0)] as const];
  });
  return { ...amounts, ...Object.fromEntries(stated) };
}

/** A limit of 0 is none, and stays so: with ours added, all of the pod would have to do with ours. */
function withOurLimits(limits: Quantities, ours: Quantities): Quantities {
  const counted = Object.entries(limits).filter(([, amount]) => !isZero(amount));
  return { ...limits, ...withOurs(Object.fromEntries(counted), ours) };
}

/** Beside a limit that is too large to grow, a request that would exceed it stays as well, or the pod is refused. */
function withOurRequests(requests: Quantities, ours: Quantities, limits: Quantities): Quantities {
  const grown = Object.entries(withOurs(requests, ours));
  const fitting = grown.filter(([name, amount]) => !isLess(limits[name] ?? amount, amount));
  return { ...requests, ...Object.fromEntries(fitting) };
}

/**
 * The resources of the pod as a whole when `initContainers`, with the sidecar among them, are its own; undefined where
 * it states none. Each amount that it states grows by the sidecar's, which would otherwise take it from the app: in a
 * pod of 64Mi an app of 45 MiB was killed for the sidecar's 18. That is done once, by the call that adds the sidecar:
 * what stands there in a later one counts it already, or others have decided since.
 */
export function podResources(
  pod: Pod,
  initContainers: readonly Container[],
): Resources | undefined {
  const stated = withPodRequests(pod.spec?.resources, otherContainers(pod));
  const ours = initContainers.find(hasOurName)?.resources;
  if (!(stated && ours) || pod.spec?.initContainers?.some(hasOurName)) return stated;
  const { requests } = stated;
  const limits = stated.limits && withOurLimits(stated.limits, ours.limits ?? {});
  return {
    ...stated,
    ...(requests && { requests: withOurRequests(requests, ours.requests ?? {}, limits ?? {}) }),
    ...(limits && { limits }),
  };
}
