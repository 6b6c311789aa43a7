import { ENDPOINTS_FOLLOW } from "../timeouts.ts";
import { apiGetJson } from "./api-get.ts";
import { waitUntil } from "./wait-for.ts";

interface Endpoint {
  conditions: { ready?: boolean };
  targetRef?: { name: string };
}

interface EndpointSlice {
  endpoints: Endpoint[] | null;
}

async function endpointsOf(namespace: string, service: string): Promise<Endpoint[]> {
  const slices = `/apis/discovery.k8s.io/v1/namespaces/${namespace}/endpointslices`;
  const { items } = await apiGetJson<{ items: EndpointSlice[] }>(
    `${slices}?labelSelector=kubernetes.io/service-name=${service}`,
  );
  return items.flatMap((slice) => slice.endpoints ?? []);
}

/** Names of the pods that a Service sends traffic to. */
export async function readyEndpoints(namespace: string, service: string): Promise<string[]> {
  const endpoints = await endpointsOf(namespace, service);
  return endpoints
    .filter(({ conditions }) => conditions.ready !== false)
    .map(({ targetRef }) => targetRef?.name ?? "");
}

/** Waits until the Service has no endpoint at all, ready or not. */
export async function noEndpoints(namespace: string, service: string): Promise<void> {
  const what = `${service} to have no endpoints`;
  await waitUntil({ what, within: ENDPOINTS_FOLLOW }, async () => {
    return (await endpointsOf(namespace, service)).length === 0;
  });
}
