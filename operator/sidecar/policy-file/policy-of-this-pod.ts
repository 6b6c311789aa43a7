/** Pure: what the policy file asks of this pod. */
import type { PolicyFile } from "../../api/policy-file.ts";

/**
 * The policy as it counts in a pod with these addresses. One that is behind a host of its own policy only reports, as
 * if it had got no sidecar, and has nobody to ask: it would else wait for itself for ever. Of the list it keeps its own
 * address, so that a change among others is none here.
 */
export function policyOfThisPod(
  { circularPods = [], ...policy }: PolicyFile,
  ownAddresses: readonly string[],
): PolicyFile {
  const own = circularPods.filter((address) => ownAddresses.includes(address));
  if (own.length === 0) return policy;
  const { fleet: _, ...alone } = policy;
  const dependencies = policy.dependencies.map((one) => ({ ...one, impact: "Observe" as const }));
  return { ...alone, dependencies, circularPods: own };
}
