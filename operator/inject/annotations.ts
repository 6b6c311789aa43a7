/** All annotations that an injected pod has beyond its own. */
import type { EffectivePolicy } from "../api/effective-policy.ts";
import { hasRoomForAnnotations } from "./annotations-limit.ts";
import { otherContainers } from "./other-containers.ts";
import { platformAnnotations } from "./platform-annotations.ts";
import type { Pod } from "./pod.ts";
import { freePort } from "./port.ts";
import { podAnnotations } from "./revision.ts";
import type { InjectSettings } from "./settings.ts";

/**
 * The annotations of `pod` when it is injected under `policy`, its own included; undefined where they are more than an
 * object may have.
 */
export function injectedAnnotations(
  pod: Pod,
  policy: EffectivePolicy,
  { namespaceAnnotations = {} }: InjectSettings,
): Record<string, string> | undefined {
  const own = pod.metadata?.annotations ?? {};
  // Before they are copied: 3 MiB of them, which only an attacker sends, took seconds.
  if (!hasRoomForAnnotations(own)) return undefined;
  const port = freePort(otherContainers(pod));
  const all = {
    ...own,
    ...podAnnotations(policy),
    ...(port !== undefined && platformAnnotations(pod, namespaceAnnotations, port)),
  };
  return hasRoomForAnnotations(all) ? all : undefined;
}
