import { SIDECAR_CONTAINER } from "../../../operator/api/names.ts";
import { kubectl } from "./kubectl.ts";
import { NODE } from "./node.ts";

/** The kubelet's own record of the readiness probes of our container in one pod. */
export interface ProbeCounts {
  /** Probes that failed, for whatever reason. */
  failed: number;
  /** Probes of whatever result. */
  all: number;
  /** Of those, probes that were answered in less than a second, far from any timeout. */
  quick: number;
}

/** Reads the kubelet's metrics: unlike Events, nothing thins them out. */
export async function readinessProbeCounts(namespace: string, pod: string): Promise<ProbeCounts> {
  const metrics = await kubectl(["get", "--raw", `/api/v1/nodes/${NODE}/proxy/metrics/probes`]);
  const ours = [
    `container="${SIDECAR_CONTAINER}"`,
    `namespace="${namespace}"`,
    `pod="${pod}"`,
    'probe_type="Readiness"',
  ];
  const sum = (metric: string, ...labels: string[]) =>
    metrics
      .split("\n")
      .filter((line) => line.startsWith(`${metric}{`))
      .filter((line) => [...ours, ...labels].every((label) => line.includes(label)))
      .reduce((total, line) => total + Number(line.split(" ").at(-1)), 0);
  return {
    failed: sum("prober_probe_total", 'result="failed"'),
    all: sum("prober_probe_duration_seconds_count"),
    quick: sum("prober_probe_duration_seconds_bucket", 'le="1"'),
  };
}
