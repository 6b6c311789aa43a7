/** All annotations that an injected pod has beyond its own. */
import type { EffectivePolicy } from "../api/effective-policy.ts";
import { otherContainers } from "./other-containers.ts";
import { platformAnnotations } from "./platform-annotations.ts";
import type { Pod } from "./pod.ts";
import { freePort } from "./port.ts";
import { podAnnotations } from "./revision.ts";
import type { InjectSettings } from "./settings.ts";

/** The annotations of `pod` when it is injected under `policy`, its own included. */
export function injectedAnnotations(
  pod: Pod,
  policy: EffectivePolicy,
  { namespaceAnnotations = {} }: InjectSettings,
): Record<string, string> {
  const port = freePort(otherContainers(pod));
  return {
    ...pod.metadata?.annotations,
    ...podAnnotations(policy),
    ...(port !== undefined && platformAnnotations(pod, namespaceAnnotations, port)),
  };
}
