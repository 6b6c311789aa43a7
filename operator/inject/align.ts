/** `application.probes: Align`: the app's own probes wait as long as the policy's. Pure. */
import type { EffectivePolicy } from "../api/effective-policy.ts";
import type { Pod } from "./pod.ts";
import { alignFloors, alignsProbes } from "./probe-floors.ts";
import { raiseProbes } from "./raise-probes.ts";

/** `pod` with the probes of the app's containers aligned, where the policy asks for that. */
export function align(pod: Pod, policy: EffectivePolicy): Pod {
  return alignsProbes(policy) ? raiseProbes(pod, alignFloors(policy)) : pod;
}
