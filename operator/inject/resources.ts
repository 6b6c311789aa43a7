/** Requests and limits of the injected container. */
import type { SidecarResources } from "../api/v1alpha1-sidecar.ts";
import type { Container, PodSpec, Resources } from "./pod.ts";
import { quantity } from "./quantity.ts";
import type { InjectSettings, ResourceQuantities } from "./settings.ts";

/** The resources that decide a pod's quality of service. */
export const RESOURCE_NAMES = ["cpu", "memory"] as const;
/** One of them. */
export type ResourceName = (typeof RESOURCE_NAMES)[number];

function isGuaranteed({ resources }: Container): boolean {
  return RESOURCE_NAMES.every((name) => {
    const limit = resources?.limits?.[name] ?? 0;
    // A request that is unset is set to the limit by the API server.
    const request = resources?.requests?.[name] ?? limit;
    return quantity(limit) > 0 && quantity(request) === quantity(limit);
  });
}

function smaller(usual: string, bound: string | number | undefined): string {
  return bound !== undefined && quantity(bound) < quantity(usual) ? String(bound) : usual;
}

function larger(usual: string, bound: string | undefined): string {
  return bound !== undefined && quantity(bound) > quantity(usual) ? bound : usual;
}

function states(quantities: Resources["requests"], name: ResourceName): boolean {
  return quantities?.[name] !== undefined;
}

/**
 * Nothing is asked for where the pod as a whole states an amount: what its containers ask for together may
 * not exceed that. It is stated as "0", because a LimitRange fills in what is left out.
 */
function request(pod: Resources, name: ResourceName, usual: string): string {
  return states(pod.requests, name) || states(pod.limits, name) ? "0" : usual;
}

/**
 * At most what the pod as a whole may have. Where ours is smaller it is stated all the same, because a LimitRange fills
 * in what is left out, and may fill in more than the pod's, which API servers refuse of containers that are no init
 * containers.
 */
function withinThePods(pod: Resources, limits: ResourceQuantities): Record<string, string> {
  const entries = RESOURCE_NAMES.map((name) => [name, smaller(limits[name], pod.limits?.[name])]);
  return Object.fromEntries(entries);
}

/**
 * The installation's requests and limits with those of a policy in their place. Of a pair of which the policy sets
 * one, the other follows where they would not fit: API servers refuse a pod whose request exceeds its limit.
 */
export function askedResources(
  installed: InjectSettings["resources"],
  asked: SidecarResources = {},
): InjectSettings["resources"] {
  const pairOf = (name: ResourceName) => {
    const request = asked.requests?.[name];
    const limit = asked.limits?.[name];
    return {
      request: request ?? smaller(installed.requests[name], limit),
      limit: limit ?? larger(installed.limits[name], request),
    };
  };
  const cpu = pairOf("cpu");
  const memory = pairOf("memory");
  return {
    requests: { cpu: cpu.request, memory: memory.request },
    limits: { cpu: cpu.limit, memory: memory.limit },
  };
}

/**
 * Requests and limits for the sidecar in a pod with the containers `others`. Both are always stated: a
 * namespace with a quota refuses pods that leave one out. In a pod that is Guaranteed without us the
 * request equals the limit, or the pod would lose that class, and with it its place in the order of
 * eviction.
 */
export function sidecarResources(
  spec: PodSpec,
  others: readonly Container[],
  { requests, limits }: InjectSettings["resources"],
): Resources {
  const pod = spec.resources ?? {};
  const guaranteed = others.length > 0 && others.every(isGuaranteed);
  const usual = guaranteed ? limits : requests;
  return {
    requests: {
      cpu: request(pod, "cpu", usual.cpu),
      memory: request(pod, "memory", usual.memory),
    },
    limits: withinThePods(pod, limits),
  };
}
