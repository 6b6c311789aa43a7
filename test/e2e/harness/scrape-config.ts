/**
 * What Prometheus Operator makes of the chart's monitors, for a Prometheus that reaches pods through the API server.
 */
import type { Manifest } from "../../../chart/tests/helm.ts";

/** How the API server is called. */
export interface ApiAccess {
  /** Host and port. */
  address: string;
  tls: { ca_file: string; cert_file: string; key_file: string };
}

interface Relabeling {
  sourceLabels?: string[];
  targetLabel?: string;
  [field: string]: unknown;
}

const relabeling = ({ sourceLabels, targetLabel, ...rest }: Relabeling) => ({
  ...rest,
  ...(sourceLabels && { source_labels: sourceLabels }),
  ...(targetLabel && { target_label: targetLabel }),
});

const take = (label: string, target: string) => ({ source_labels: [label], target_label: target });
const keep = (label: string, regex: string) => ({ action: "keep", source_labels: [label], regex });

/** From a machine outside the cluster no pod can be reached but through the API server. */
const throughApiServer = (address: string) => [
  {
    source_labels: [
      "__meta_kubernetes_namespace",
      "__meta_kubernetes_pod_name",
      "__meta_kubernetes_pod_container_port_number",
    ],
    regex: "(.+);(.+);(.+)",
    target_label: "__metrics_path__",
    replacement: "/api/v1/namespaces/$1/pods/$2:$3/proxy/metrics",
  },
  { target_label: "__address__", replacement: address },
];

/** Labels that every target gets from Prometheus Operator. */
const TARGET_LABELS = [
  take("__meta_kubernetes_namespace", "namespace"),
  take("__meta_kubernetes_pod_name", "pod"),
  take("__meta_kubernetes_pod_container_name", "container"),
];

/** The scrape of a ServiceMonitor or PodMonitor with one endpoint, of what was found in the cluster. */
export function scrapeConfig(
  { kind, metadata, spec }: Manifest,
  api: ApiAccess,
  targetsFile: string,
) {
  const isPod = kind === "PodMonitor";
  const [endpoint] = isPod ? spec.podMetricsEndpoints : spec.endpoints;
  const matched = Object.entries<string>(spec.selector.matchLabels ?? {});
  const prefix = `__meta_kubernetes_${isPod ? "pod" : "service"}_label_`;
  return {
    job_name: metadata.name,
    scheme: "https",
    tls_config: api.tls,
    honor_labels: endpoint.honorLabels ?? false,
    ...(spec.sampleLimit && { sample_limit: spec.sampleLimit }),
    file_sd_configs: [{ files: [targetsFile] }],
    relabel_configs: [
      ...matched.map(([label, value]) =>
        keep(`${prefix}${label.replaceAll(/[^a-zA-Z0-9]/g, "_")}`, value),
      ),
      ...(endpoint.port ? [keep("__meta_kubernetes_endpoint_port_name", endpoint.port)] : []),
      ...TARGET_LABELS,
      ...(endpoint.relabelings ?? []).map(relabeling),
      ...throughApiServer(api.address),
    ],
    metric_relabel_configs: (endpoint.metricRelabelings ?? []).map(relabeling),
  };
}
