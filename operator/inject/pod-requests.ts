/** What a pod asks for as a whole where it states only what it may use at most. */
import type { Container, Resources } from "./pod.ts";
import { RESOURCE_NAMES, type ResourceName } from "./resource-names.ts";

function states({ resources }: Container, name: ResourceName): boolean {
  return resources?.requests?.[name] !== undefined || resources?.limits?.[name] !== undefined;
}

/** Whether the pod's limit is its request too, because neither the pod nor a container in it says another. */
function followsLimit(pod: Resources, others: readonly Container[], name: ResourceName): boolean {
  return (
    pod.limits?.[name] !== undefined &&
    pod.requests?.[name] === undefined &&
    !others.some((container) => states(container, name))
  );
}

/**
 * The resources of a pod as a whole, with each request that an API server would set to the limit if the pod had only
 * the containers `others`. API servers do that where no container asks for the resource (`DefaultPodLevelResources` in
 * `pkg/api/pod/util.go` of Kubernetes 1.37). Up to 1.36 they do it before webhooks are called, and nothing is left to
 * do here. Since 1.37 they do it afterwards, when our container asks: the whole pod would then ask for no more than
 * ours, be put on a node without room for it and no longer be Guaranteed.
 */
export function withPodRequests(
  pod: Resources | undefined,
  others: readonly Container[],
): Resources | undefined {
  if (pod === undefined) return undefined;
  const missing = RESOURCE_NAMES.filter((name) => followsLimit(pod, others, name));
  if (missing.length === 0) return pod;
  const requests = missing.map((name) => [name, pod.limits?.[name]]);
  return { ...pod, requests: { ...pod.requests, ...Object.fromEntries(requests) } };
}
