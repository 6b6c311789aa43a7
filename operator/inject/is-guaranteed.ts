/** Whether a pod is Guaranteed without us. */
import { hasOurName } from "./other-containers.ts";
import type { Container, PodSpec, Resources } from "./pod.ts";
import { withPodRequests } from "./pod-requests.ts";
import { quantity } from "./quantity.ts";
import { RESOURCE_NAMES, type ResourceName } from "./resource-names.ts";

type Amount = bigint | undefined;

function amount(quantities: Resources["requests"], name: ResourceName): Amount {
  const text = quantities?.[name];
  return text === undefined ? undefined : quantity(text);
}

function limitOf({ resources }: Container, name: ResourceName): Amount {
  return amount(resources?.limits, name);
}

/** A request that is unset is set to the limit by the API server. */
function requestOf({ resources }: Container, name: ResourceName): Amount {
  return amount(resources?.requests, name) ?? amount(resources?.limits, name);
}

function isEqual(request: Amount, limit: Amount): boolean {
  return limit !== undefined && limit > 0n && request === limit;
}

function larger(left: bigint, right: bigint): bigint {
  return left > right ? left : right;
}

/** What the pod's containers come to at most, each counted while it runs. */
function total(
  { initContainers = [], containers = [] }: PodSpec,
  amountOf: (container: Container) => Amount,
): bigint {
  let running = 0n;
  let most = 0n;
  for (const container of initContainers) {
    const its = amountOf(container) ?? 0n;
    most = larger(most, running + its);
    if (container.restartPolicy === "Always") running += its;
  }
  for (const container of containers) running += amountOf(container) ?? 0n;
  return larger(most, running);
}

/**
 * As API servers fill in what the pod as a whole leaves out (`DefaultPodLevelResources` in `pkg/api/pod/util.go` of
 * Kubernetes 1.37): where its request does not follow its limit, it is what the containers ask for; its limit is what
 * they may use at most, where each has a limit, and no less than its request. Up to 1.36 limits are not filled in, and
 * such a pod is Burstable with and without us.
 */
function isGuaranteedAsAWhole(spec: PodSpec, others: readonly Container[]): boolean {
  const { requests = {}, limits = {} } = withPodRequests(spec.resources, others) ?? {};
  if (Object.keys({ ...requests, ...limits }).length === 0) return false;
  return RESOURCE_NAMES.every((name) => {
    const requestOfContainer = (container: Container) => requestOf(container, name);
    const limitOfContainer = (container: Container) => limitOf(container, name);
    const request = amount(requests, name) ?? total(spec, requestOfContainer);
    const areLimited = others.every((container) => limitOfContainer(container) !== undefined);
    const filledIn = areLimited ? larger(request, total(spec, limitOfContainer)) : undefined;
    return isEqual(request, amount(limits, name) ?? filledIn);
  });
}

/**
 * Whether the pod is Guaranteed without a container of ours by either of its two views. Its containers decide where it
 * states nothing for the whole of it, and where API servers drop what it states: those without the feature gate
 * PodLevelResources, which is off up to 1.33, send it to webhooks all the same.
 */
export function isGuaranteed(pod: PodSpec): boolean {
  const withoutOurs = (list: readonly Container[] = []) =>
    list.filter((container) => !hasOurName(container));
  const initContainers = withoutOurs(pod.initContainers);
  const containers = withoutOurs(pod.containers);
  const others = [...initContainers, ...containers];
  if (others.length === 0) return false;
  const areGuaranteed = others.every((container) =>
    RESOURCE_NAMES.every((name) => isEqual(requestOf(container, name), limitOf(container, name))),
  );
  return areGuaranteed || isGuaranteedAsAWhole({ ...pod, initContainers, containers }, others);
}
