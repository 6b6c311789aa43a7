/** Which of a namespace's pods a policy cannot have, because they are what it waits for. Pure. */
import { isPodAddress } from "../../addresses/pod-address.ts";
import {
  circleThrough,
  circularMessage,
  type FindService,
  type OwnService,
  ownServices,
} from "../../api/circular-dependency.ts";
import type { EffectivePolicy } from "../../api/effective-policy.ts";
import { MAX_CIRCULAR_PODS } from "../../api/limits.ts";
import { selectorMatches } from "../../api/select-policy.ts";
import type { PodRecord, SkippedPod } from "../pods/pod-record.ts";

/** The pods as they count for the policy, and the first circle among them. */
export interface CircularPods {
  /** Those that are behind a host of the policy are skipped, as admission skips them. */
  pods: readonly PodRecord[];
  circle: OwnService | undefined;
}

function skipOf(circle: OwnService): SkippedPod {
  return { reason: "CircularDependency", message: circularMessage(circle) };
}

/** Looks for pods that the policy selects and that are behind a Service that it names as a host. */
export function circularPods(
  policy: EffectivePolicy,
  pods: readonly PodRecord[],
  find: FindService,
): CircularPods {
  const services = ownServices(policy, find);
  let circle: OwnService | undefined;
  const counted = pods.map((pod) => {
    if (pod.skipped || !selectorMatches(policy.selector, pod.labels)) return pod;
    const through = circleThrough(services, pod.labels);
    circle ??= through;
    return through ? { ...pod, skipped: skipOf(through) } : pod;
  });
  return { pods: counted, circle };
}

/**
 * Addresses of the policy's own pods that are behind a host of it, sorted: a Service, or the label by which it selects,
 * may come after a pod that has got its sidecar. Whatever the selector says by now: a pod that it leaves out keeps the
 * sidecar that it has. One that no pod can have is left out: by one of loopback, all would be let go.
 */
export function circularAddresses(
  policy: EffectivePolicy,
  pods: readonly PodRecord[],
  find: FindService,
): string[] {
  const services = ownServices(policy, find);
  return pods
    .filter(
      ({ sidecar, labels }) => sidecar?.policy === policy.name && circleThrough(services, labels),
    )
    .flatMap(({ ip }) => (ip !== undefined && isPodAddress(ip) ? ip : []))
    .sort()
    .slice(0, MAX_CIRCULAR_PODS);
}
