import { expect, test } from "@jest/globals";
import { metricsPage } from "./metrics-reference.ts";
import { OPERATOR_METRICS } from "./operator-metrics.ts";
import { SIDECAR_METRICS } from "./sidecar-metrics.ts";

const METRICS = Object.values({ ...SIDECAR_METRICS, ...OPERATOR_METRICS });

test("every metric has a row, with its labels and a sentence", () => {
  const page = metricsPage();
  expect(page).toContain(
    "| `healthpolicy_check_failures_total` | counter | `dependency`, `reason` | Failed checks by reason. |",
  );
  const rows = page.split("\n").filter((line) => line.startsWith("| `healthpolicy_"));
  expect(rows).toHaveLength(METRICS.length);
});

test("names follow Prometheus: a unit or nothing, and _total for what only grows", () => {
  for (const { name, type, help } of METRICS) {
    expect([name, name.endsWith("_total")]).toEqual([name, type === "counter"]);
    if (type === "histogram") expect(name).toMatch(/_seconds$/);
    expect(help).toMatch(/^\S.*\.$/);
  }
});
