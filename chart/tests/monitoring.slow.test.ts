/** What the chart installs for Prometheus and Grafana. */
import { existsSync, readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { describe, expect, jest, test } from "@jest/globals";
import { parse } from "yaml";
import type { Metric } from "../../operator/api/metric.ts";
import { POLICY_ANNOTATION, SIDECAR_CONTAINER } from "../../operator/api/names.ts";
import { OPERATOR_METRICS } from "../../operator/api/operator-metrics.ts";
import { SIDECAR_METRICS } from "../../operator/api/sidecar-metrics.ts";
import { CHART, HELM_TIMEOUT_MS, only, render } from "./helm.ts";
import { promtool, type Rule, rulesFile } from "./promtool.ts";

// A slow machine may take seconds for one call of Helm.
jest.setTimeout(HELM_TIMEOUT_MS);

interface Panel {
  id: number;
  title: string;
  targets?: { expr: string }[];
}

const ROOT = join(CHART, "..");
const RUNBOOKS = "docs/runbooks";
const ALERT_TESTS = join(CHART, "tests/testdata/alerts");
const KINDS = ["ServiceMonitor", "PodMonitor", "PrometheusRule"];
const read = (file: string) => readFileSync(join(CHART, file), "utf8");
const RULES = (parse(read("files/rules.yaml")) as { groups: { rules: Rule[] }[] }).groups.flatMap(
  ({ rules }) => rules,
);
const ALERTS = [...new Set(RULES.map(({ alert }) => alert))];
const DASHBOARD = JSON.parse(read("files/dashboard.json")) as { panels: Panel[] };
const QUERIES = DASHBOARD.panels.flatMap(({ targets = [] }) => targets.map(({ expr }) => expr));
const ALL_ON = [...KINDS, "GrafanaDashboard"].flatMap((kind) => [
  "--set",
  `${kind.charAt(0).toLowerCase()}${kind.slice(1)}.enabled=true`,
]);
const manifests = render(...ALL_ON);

/** The names that a metric's series have. */
function seriesOf({ name, type }: Metric): string[] {
  return type === "histogram"
    ? ["bucket", "sum", "count"].map((suffix) => `${name}_${suffix}`)
    : [name];
}

const metricsOf = (metrics: Readonly<Record<string, Metric>>) =>
  Object.values(metrics).flatMap(seriesOf);

test("nothing of it is installed unless it is asked for", () => {
  const kinds = render().map(({ kind, metadata }) => `${kind} ${metadata.name}`);
  expect(kinds.filter((name) => /Monitor|PrometheusRule|dashboard/.test(name))).toStrictEqual([]);
});

test("every metric that a rule or the dashboard names is one of ours", () => {
  const known = new Set([...metricsOf(SIDECAR_METRICS), ...metricsOf(OPERATOR_METRICS)]);
  const expressions = [...QUERIES, ...RULES.map(({ expr }) => expr)];
  for (const expression of expressions) {
    const named = expression.match(/healthpolicy_[a-z_]+/g) ?? [];
    expect([expression, named.length]).not.toStrictEqual([expression, 0]);
    expect([expression, named.filter((name) => !known.has(name))]).toStrictEqual([expression, []]);
  }
});

describe("the PodMonitor", () => {
  const { spec } = only(manifests, "PodMonitor");
  const [endpoint] = spec.podMetricsEndpoints;
  const [keepContainer, policy] = endpoint.relabelings;

  test("finds the sidecar by its container, in every namespace, and names its policy", () => {
    expect(spec.namespaceSelector).toStrictEqual({ any: true });
    expect(spec.selector).toStrictEqual({});
    expect(keepContainer.regex).toBe(SIDECAR_CONTAINER);
    const label = POLICY_ANNOTATION.replaceAll(/[^a-z]/g, "_");
    expect(policy.sourceLabels).toStrictEqual([`__meta_kubernetes_pod_annotation_${label}`]);
    // The app's may have the name already, and the sidecar's port then has none.
    expect(endpoint.port).toBeUndefined();
  });

  test("takes all metrics of sidecars, and none of the operator's from them", () => {
    const [{ action, sourceLabels, regex }] = endpoint.metricRelabelings;
    expect([action, sourceLabels]).toStrictEqual(["keep", ["__name__"]]);
    const kept = new RegExp(`^(?:${regex})$`);
    expect(metricsOf(SIDECAR_METRICS).filter((name) => !kept.test(name))).toStrictEqual([]);
    expect(metricsOf(OPERATOR_METRICS).filter((name) => kept.test(name))).toStrictEqual([]);
  });
});

test("the ServiceMonitor finds the port of the metrics Service alone", () => {
  const [endpoint] = only(manifests, "ServiceMonitor").spec.endpoints;
  const named = manifests.filter(
    ({ kind, spec }) =>
      kind === "Service" && spec.ports.some(({ name }: { name: string }) => name === endpoint.port),
  );
  expect(named.map(({ metadata }) => metadata.name)).toStrictEqual(["healthpolicy-metrics"]);
  const { selector } = only(manifests, "ServiceMonitor").spec;
  expect(named[0]?.metadata.labels).toMatchObject(selector.matchLabels);
});

describe("the alerts", () => {
  test("are installed as they stand in the file, with the address of the runbooks before them", () => {
    const installed = (...args: string[]) =>
      only(render(...ALL_ON, ...args), "PrometheusRule").spec as { groups: { rules: Rule[] }[] };
    expect(installed()).toStrictEqual(parse(read("files/rules.yaml")));
    const base = "https://docs.example.com/healthpolicy/";
    const [group] = installed("--set", `prometheusRule.runbooksUrl=${base}`).groups;
    expect(group?.rules.map(({ annotations }) => annotations.runbook_url)).toStrictEqual(
      RULES.map(({ alert }) => `${base}${RUNBOOKS}/${alert}.md`),
    );
  });

  test("have a runbook each, which has its row, and no runbook is left over", () => {
    for (const { alert, annotations } of RULES) {
      expect(annotations.runbook_url).toBe(`${RUNBOOKS}/${alert}.md`);
      expect([alert, existsSync(join(ROOT, annotations.runbook_url))]).toStrictEqual([alert, true]);
    }
    const pages = readdirSync(join(ROOT, RUNBOOKS)).filter((file) => file !== "README.md");
    expect(pages.sort()).toStrictEqual(ALERTS.map((alert) => `${alert}.md`).sort());
    const index = readFileSync(join(ROOT, RUNBOOKS, "README.md"), "utf8");
    for (const alert of ALERTS) expect(index).toContain(`[${alert}](${alert}.md)`);
  });

  test("have recorded series each, in which they are silent and fire", () => {
    const files = readdirSync(ALERT_TESTS);
    expect(files.sort()).toStrictEqual(ALERTS.map((alert) => `${alert}.yaml`).sort());
    for (const file of files) {
      const { tests } = parse(readFileSync(join(ALERT_TESTS, file), "utf8")) as {
        tests: { alert_rule_test: { alertname: string; exp_alerts: unknown[] }[] }[];
      };
      const expected = tests.flatMap(({ alert_rule_test }) => alert_rule_test);
      const fires = new Set(expected.map(({ exp_alerts }) => exp_alerts.length > 0));
      expect([file, fires]).toStrictEqual([file, new Set([false, true])]);
      for (const { alertname } of expected) expect(`${alertname}.yaml`).toBe(file);
    }
  });

  test("do with those series what is expected, texts included", () => {
    const files = readdirSync(ALERT_TESTS).map((file) => join(ALERT_TESTS, file));
    expect(promtool("test", "rules", ...files)).toMatchObject({ code: 0 });
  });
});

describe("the dashboard", () => {
  test("is the file, under the label that Grafana's sidecar looks for", () => {
    const { metadata, data } = only(manifests, "ConfigMap", "healthpolicy-dashboard");
    expect(metadata.labels).toMatchObject({ grafana_dashboard: "1" });
    expect(JSON.parse(data["healthpolicy.json"])).toStrictEqual(DASHBOARD);
  });

  test("has panels with an id of their own, and queries that Prometheus can read", () => {
    const ids = DASHBOARD.panels.map(({ id }) => id);
    expect(new Set(ids).size).toBe(ids.length);
    expect(QUERIES.length).toBeGreaterThan(15);
    const rules = QUERIES.map((expr, index) => ({
      record: `query_${index}`,
      expr: expr.replaceAll("$__rate_interval", "1m"),
    }));
    expect(promtool("check", "rules", rulesFile(rules))).toMatchObject({ code: 0 });
  });
});
