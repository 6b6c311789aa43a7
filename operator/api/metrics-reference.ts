/** Definitions of metrics -> their reference page. */
import { code, rowOf, table } from "./markdown.ts";
import type { Metric } from "./metric.ts";
import { OPERATOR_METRICS } from "./operator-metrics.ts";
import { SIDECAR_METRICS } from "./sidecar-metrics.ts";

function section(metrics: Readonly<Record<string, Metric>>): string {
  const rows = Object.values(metrics).map(({ name, type, labels, help }) =>
    rowOf([code(name), type, labels.map(code).join(", "), help]),
  );
  return table(["Metric", "Type", "Labels", "Meaning"], rows);
}

/** The whole page as Markdown. */
export function metricsPage(): string {
  return `# Metrics

Where they are, and what the reasons of answers mean, is in [metrics](../metrics.md).

## Sidecar

${section(SIDECAR_METRICS)}

## Operator

${section(OPERATOR_METRICS)}
`;
}
