import { ENDPOINTS_FOLLOW } from "../timeouts.ts";
import { kubectlJson } from "./kubectl.ts";
import { waitUntil } from "./wait-for.ts";

interface EndpointSlice {
  endpoints: { conditions: { ready?: boolean }; targetRef?: { name: string } }[] | null;
}

/** Names of the pods that a Service sends traffic to. */
export async function readyEndpoints(namespace: string, service: string): Promise<string[]> {
  const selector = `kubernetes.io/service-name=${service}`;
  const { items } = await kubectlJson<{ items: EndpointSlice[] }>(
    "get",
    "endpointslices",
    "-n",
    namespace,
    "-l",
    selector,
  );
  return items
    .flatMap((slice) => slice.endpoints ?? [])
    .filter((endpoint) => endpoint.conditions.ready !== false)
    .map((endpoint) => endpoint.targetRef?.name ?? "");
}

/** Waits until the Service has no endpoint at all, ready or not. */
export async function noEndpoints(namespace: string, service: string): Promise<void> {
  const selector = `kubernetes.io/service-name=${service}`;
  await waitUntil(
    { what: `${service} to have no endpoints`, within: ENDPOINTS_FOLLOW },
    async () => {
      const { items } = await kubectlJson<{ items: EndpointSlice[] }>(
        "get",
        "endpointslices",
        "-n",
        namespace,
        "-l",
        selector,
      );
      return items.every((slice) => (slice.endpoints ?? []).length === 0);
    },
  );
}
