/** What a metric is, for the program that has it and for the reference. */

/** One metric of the Prometheus text format. */
export interface Metric {
  name: `healthpolicy_${string}`;
  type: "gauge" | "counter" | "histogram";
  labels: readonly string[];
  /** The text of its HELP line: one sentence, which the reference repeats. */
  help: string;
}

/** The metric as prom-client takes it. */
export function metricSettings<L extends string>({
  name,
  help,
  labels,
}: Metric & { labels: readonly L[] }) {
  return { name, help, labelNames: labels };
}
