/** `standards.enforcement: Apply`: existing probes are raised to the floors of ClusterHealthPolicies. Pure. */
import type { Standards } from "../api/standards/rule.ts";
import type { Pod } from "./pod.ts";
import { standardsFloors } from "./probe-floors.ts";
import { raiseProbes } from "./raise-probes.ts";
import { isNeverChanged } from "./why-skip.ts";

/**
 * `pod` with its probes raised to those of `standards` that are applied, with a HealthPolicy or without; the
 * very same pod where there is nothing to do, and where the pod is opted out.
 */
export function applyStandards(pod: Pod, standards: readonly (Standards | undefined)[]): Pod {
  const floors = standardsFloors(standards);
  return floors === undefined || isNeverChanged(pod) ? pod : raiseProbes(pod, floors);
}
