/**
 * A real Prometheus reads sidecars and operator as the chart's monitors say, and the dashboard has something to show.
 */
import { readFile } from "node:fs/promises";
import { join } from "node:path";
import { afterAll, beforeAll, expect, test } from "@jest/globals";
import { CHART, only, render } from "../../chart/tests/helm.ts";
import { created } from "./harness/created.ts";
import { dryRunPod } from "./harness/dry-run-pod.ts";
import { kubectl } from "./harness/kubectl.ts";
import { policyProgrammed } from "./harness/policy.ts";
import { type Prometheus, startPrometheus } from "./harness/prometheus.ts";
import { smallPod } from "./harness/small-pod.ts";
import { reachedNamespace, release, standardsFor } from "./harness/standards.ts";
import { waitUntil } from "./harness/wait-for.ts";
import { DASHBOARD_HAS_DATA, POD_STARTS, WHOLE_TEST } from "./timeouts.ts";

const NAMESPACE = "e2e-monitoring";
const STANDARDS = { enforcement: "Audit", readinessProbe: { required: true } };

interface Dashboard {
  panels: { targets?: { expr: string }[] }[];
}

let prometheus: Prometheus | undefined;

beforeAll(async () => {
  await reachedNamespace(NAMESPACE);
  const input = await readFile(join(import.meta.dirname, "monitoring.yaml"), "utf8");
  await kubectl(["apply", "--server-side", "-n", NAMESPACE, "-f", "-"], { input });
  const standards = standardsFor(NAMESPACE, NAMESPACE, STANDARDS);
  await kubectl(["apply", "--server-side", "-f", "-"], { input: JSON.stringify(standards) });
  const monitors = render("--set", "serviceMonitor.enabled=true,podMonitor.enabled=true");
  prometheus = await startPrometheus([
    only(monitors, "ServiceMonitor"),
    only(monitors, "PodMonitor"),
  ]);
  await policyProgrammed(NAMESPACE, "web");
  await created(smallPod(NAMESPACE, "web"));
  const started = ["wait", "pod/web", "-n", NAMESPACE, "--for=jsonpath={.status.podIP}"];
  await kubectl([...started, `--timeout=${POD_STARTS}ms`], { timeout: POD_STARTS });
  await prometheus.discover();
}, WHOLE_TEST);

afterAll(async () => {
  await prometheus?.stop();
  await release(NAMESPACE);
  await kubectl(["delete", "namespace", NAMESPACE, "--wait=false"]);
}, WHOLE_TEST);

/** The queries of the dashboard's panels, with what Grafana puts in for its variables. */
async function dashboardQueries(): Promise<string[]> {
  const { panels } = JSON.parse(
    await readFile(join(CHART, "files/dashboard.json"), "utf8"),
  ) as Dashboard;
  const queries = panels.flatMap(({ targets = [] }) => targets.map(({ expr }) => expr));
  return queries.map((query) =>
    query
      .replaceAll("$__rate_interval", "1m")
      .replaceAll("$namespace", NAMESPACE)
      .replaceAll("$policy", "web"),
  );
}

test(
  "each query of the dashboard returns figures",
  async () => {
    let empty = await dashboardQueries();
    expect(empty.length).toBeGreaterThan(15);
    const within = DASHBOARD_HAS_DATA;
    const isEmpty = async (query: string) => {
      const samples = await prometheus?.query(query);
      return samples?.some(({ value }) => Number.isFinite(value)) !== true;
    };
    await waitUntil({ what: "figures for every query", within }, async () => {
      // The webhook's figures are rates: it has something to decide between any two scrapes.
      await dryRunPod(smallPod(NAMESPACE, "dry-run"));
      const answers = await Promise.all(
        empty.map(async (query) => ({ query, isEmpty: await isEmpty(query) })),
      );
      empty = answers.filter((answer) => answer.isEmpty).map(({ query }) => query);
      return empty.length === 0;
    }).catch(() => {});
    expect(empty).toStrictEqual([]);
  },
  WHOLE_TEST,
);

test("a sidecar's samples have the labels that the alerts are made of, and one series for each pod", async () => {
  const [sample, ...others] =
    (await prometheus?.query(
      `healthpolicy_dependency_up{namespace="${NAMESPACE}", policy="web"}`,
    )) ?? [];
  expect(others).toStrictEqual([]);
  expect(sample?.value).toBe(0);
  expect(sample?.metric).toMatchObject({ policy: "web", pod: "web", dependency: "sessions" });
});

test("each alert is evaluated without an error, and the operator is well", async () => {
  const rules = (await prometheus?.rules()) ?? [];
  expect(rules.length).toBeGreaterThan(5);
  expect(rules.filter(({ health }) => health !== "ok")).toStrictEqual([]);
  expect(await prometheus?.query("sum(healthpolicy_leader)")).toMatchObject([{ value: 1 }]);
});
