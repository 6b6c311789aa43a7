/** Requests and limits of the injected container. */
import type { EffectivePolicy } from "../api/effective-policy.ts";
import { checksRequest } from "./checks-request.ts";
import { isGuaranteed } from "./is-guaranteed.ts";
import type { PodSpec, Resources } from "./pod.ts";
import { isLess, isZero } from "./quantity.ts";
import type { ResourceName } from "./resource-names.ts";
import type { InjectSettings } from "./settings.ts";

function smaller(usual: string, bound: string | undefined): string {
  return bound !== undefined && isLess(bound, usual) ? bound : usual;
}

function larger(usual: string, bound: string | undefined): string {
  return bound !== undefined && isLess(usual, bound) ? bound : usual;
}

/** What of a policy decides how much its sidecars ask for. */
type AskingPolicy = Pick<EffectivePolicy, "dependencies" | "timing" | "sidecarResources">;

/**
 * The installation's requests and limits, the request of CPU raised to what the policy's checks take, with those that
 * the policy states in their place. A request that nobody states follows where it would not fit its limit, and a limit
 * that the policy does not state follows its request: API servers refuse a pod whose request exceeds its limit.
 */
export function askedResources(
  installed: InjectSettings["resources"],
  policy: AskingPolicy,
): InjectSettings["resources"] {
  const asked = policy.sidecarResources ?? {};
  const { requests } = installed;
  const usual = { ...requests, cpu: larger(requests.cpu, checksRequest(policy)) };
  const pairOf = (name: ResourceName) => {
    const request = asked.requests?.[name];
    const limit = asked.limits?.[name];
    return {
      request: request ?? smaller(usual[name], limit ?? installed.limits[name]),
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
 * Requests and limits for the sidecar in a pod. Both are always stated: a namespace with a quota refuses pods that
 * leave one out, and a LimitRange fills in what is left out. In a pod that is Guaranteed without us the request equals
 * the limit, or the pod would lose that class, and with it its place in the order of eviction.
 */
export function sidecarResources(
  pod: PodSpec,
  { requests, limits }: InjectSettings["resources"],
): Resources {
  if (isGuaranteed(pod)) return { requests: { ...limits }, limits: { ...limits } };
  // A limit of 0 for the whole pod is none, but API servers take no request above it.
  const request = (name: ResourceName) =>
    isZero(pod.resources?.limits?.[name]) ? "0" : requests[name];
  return { requests: { cpu: request("cpu"), memory: request("memory") }, limits: { ...limits } };
}
