/** `application.probes: Align`: the app's own probes wait as long as the policy's. Pure. */
import type { EffectivePolicy } from "../api/effective-policy.ts";
import type { Pod } from "./pod.ts";
import { alignFloors, alignsProbes } from "./probe-floors.ts";
import { raiseProbes } from "./raise-probes.ts";
import type { InjectSettings } from "./settings.ts";

/**
 * `pod` with the probes of the app's containers aligned, where the policy asks for that, and no further than the
 * standards of its namespace allow.
 */
export function align(
  pod: Pod,
  policy: EffectivePolicy,
  { standards = [] }: Pick<InjectSettings, "standards">,
): Pod {
  return alignsProbes(policy) ? raiseProbes(pod, alignFloors(policy, standards)) : pod;
}
