/** Which pods of a namespace are what their policy waits for: they are skipped, or let go. Pure. */
import { isPodAddress } from "../../addresses/pod-address.ts";
import {
  circleFinder,
  circularMessage,
  type FindService,
  type OwnService,
  ownServices,
} from "../../api/circular-dependency.ts";
import type { EffectivePolicy } from "../../api/effective-policy.ts";
import { MAX_CIRCULAR_PODS } from "../../api/limits.ts";
import { selectorMatcher } from "../../api/select-policy.ts";
import type { PodRecord, SkippedPod } from "../pods/pod-record.ts";

/** The pods as they count for the policy, and the first circle among them. */
export interface WithoutCircularPods {
  /** Those that are behind a host of the policy and do not have its sidecar are skipped, as admission skips them. */
  pods: readonly PodRecord[];
  circle: OwnService | undefined;
}

function skipOf(circle: OwnService): SkippedPod {
  return { reason: "CircularDependency", message: circularMessage(circle) };
}

/**
 * Looks for pods that the policy selects and that are behind a Service that it names as a host. One that has its
 * sidecar already goes on waiting for all else, and counts as any other: a restart would not help, since a new one may
 * come to be the same.
 */
export function skipCircularPods(
  policy: EffectivePolicy,
  pods: readonly PodRecord[],
  find: FindService,
): WithoutCircularPods {
  const circlesOf = circleFinder(ownServices(policy, find));
  const isSelected = selectorMatcher(policy.selector);
  let circle: OwnService | undefined;
  const counted = pods.map((pod) => {
    if (pod.skipped || !isSelected(pod.labels)) return pod;
    const [through] = circlesOf(pod.labels);
    circle ??= through;
    const isOwn = pod.sidecar?.policy === policy.name;
    return through && !isOwn ? { ...pod, skipped: skipOf(through) } : pod;
  });
  return { pods: counted, circle };
}

/** Addresses of pods, sorted, by the name of each dependency that is not to hold them. */
export type CircularAddresses = ReadonlyMap<string, readonly string[]>;

/** The namespace's own Services that can hold a pod: a dependency that only reports waits for nothing. */
export function holdingServices(policy: EffectivePolicy, find: FindService): OwnService[] {
  const { namespace } = policy;
  const dependencies = policy.dependencies.filter(({ impact }) => impact !== "Observe");
  return ownServices({ namespace, dependencies }, find);
}

/**
 * Addresses of the policy's own pods that are behind a host of it: a Service, or the label by which it selects, may
 * come after a pod that has got its sidecar. Whatever the selector says by now: a pod that it leaves out keeps the
 * sidecar that it has. An address that no pod can have is left out: by one of loopback, all would be let go.
 *
 * Pods behind several such hosts would also wait for each other: each of these dependencies lets all of them go.
 */
export function circularAddresses(
  policy: EffectivePolicy,
  pods: readonly PodRecord[],
  find: FindService,
): CircularAddresses {
  const own = pods.filter(({ sidecar }) => sidecar?.policy === policy.name);
  const services = holdingServices(policy, find);
  const circlesOf = circleFinder(services);
  const behind = own.flatMap(({ labels, ip }) => {
    if (ip === undefined || !isPodAddress(ip)) return [];
    return { ip, dependencies: new Set(circlesOf(labels).map(({ dependency }) => dependency)) };
  });
  const circles = [...new Set(services.map(({ dependency }) => dependency))].flatMap((name) => {
    const addresses = behind.filter((pod) => pod.dependencies.has(name)).map(({ ip }) => ip);
    return addresses.length > 0 ? { dependency: name, addresses: addresses.sort() } : [];
  });
  // One of each in turn, so that each Service is answered for.
  const inTurn = Array.from({ length: MAX_CIRCULAR_PODS }, (_, turn) =>
    circles.flatMap(({ addresses }) => addresses[turn] ?? []),
  );
  const addresses = [...new Set(inTurn.flat())].slice(0, MAX_CIRCULAR_PODS).sort();
  return new Map(circles.map(({ dependency }) => [dependency, addresses]));
}
