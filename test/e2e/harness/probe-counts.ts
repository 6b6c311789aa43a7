import { SIDECAR_CONTAINER } from "../../../operator/api/names.ts";
import { kubectl } from "./kubectl.ts";

const NODE = "healthpolicy-control-plane";

/** How many readiness probes of our container in a pod failed, as the kubelet itself counts them. */
export async function failedReadinessProbes(namespace: string, pod: string): Promise<number> {
  const metrics = await kubectl(["get", "--raw", `/api/v1/nodes/${NODE}/proxy/metrics/probes`]);
  const wanted = [
    `container="${SIDECAR_CONTAINER}"`,
    `namespace="${namespace}"`,
    `pod="${pod}"`,
    'probe_type="Readiness"',
    'result="failed"',
  ];
  const line = metrics
    .split("\n")
    .find(
      (text) => text.startsWith("prober_probe_total{") && wanted.every((w) => text.includes(w)),
    );
  return Number(line?.split(" ").at(-1) ?? 0);
}
