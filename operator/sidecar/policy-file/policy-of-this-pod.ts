/** Pure: what the policy file asks of this pod. */
import type { DependencyConfig, PolicyFile } from "../../api/policy-file.ts";

/** A policy as it counts in this pod. */
export interface PolicyOfThisPod extends PolicyFile {
  /** Names of the dependencies that only report because this pod is behind their hosts; absent where there are none. */
  letGo?: readonly string[];
}

/**
 * The policy as it counts in a pod with these addresses. What such a pod is itself behind only reports, or it would
 * wait for itself for ever; it goes on waiting for all else. No list is left: a dependency's text tells an edit of it,
 * and pods that come and go elsewhere are none.
 */
export function policyOfThisPod(
  policy: PolicyFile,
  ownAddresses: readonly string[],
): PolicyOfThisPod {
  const letGo: string[] = [];
  const dependencies = policy.dependencies.map((dependency): DependencyConfig => {
    const { circularPods = [], ...alone } = dependency;
    if (!circularPods.some((address) => ownAddresses.includes(address))) return alone;
    letGo.push(alone.name);
    return { ...alone, impact: "Observe" };
  });
  return { ...policy, dependencies, ...(letGo.length > 0 && { letGo }) };
}
