/** Pure: whether Istio's agent is asked in the place of a container. */
import type { Probe } from "./pod.ts";

/** Where Istio has the kubelet ask its agent instead of the app, and the agent's port unless the pod says another. */
const REWRITTEN_PATH = /^\/app-health\/[^/]+\/(readyz|livez|startupz)$/;
const AGENT_PORT = "15020";
const AGENT_PORT_ANNOTATION = "status.sidecar.istio.io/port";

/** Whether a mesh has put its agent in the place of the app, which the agent then asks. */
export function isRewritten({ httpGet }: Probe, annotations: Record<string, string>): boolean {
  const port = typeof httpGet?.port === "number" ? String(httpGet.port) : httpGet?.port;
  const isAgent = port === AGENT_PORT || port === annotations[AGENT_PORT_ANNOTATION];
  return isAgent && typeof httpGet?.path === "string" && REWRITTEN_PATH.test(httpGet.path);
}
