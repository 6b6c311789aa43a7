/** What a ClusterHealthPolicy says of the workloads of two namespaces that have no HealthPolicy. */
import { readFile } from "node:fs/promises";
import { join } from "node:path";
import { afterAll, beforeAll, expect, test } from "@jest/globals";
import type { ClusterHealthPolicyStatus } from "../../operator/api/v1alpha1-cluster-status.ts";
import { kubectl, kubectlJson } from "./harness/kubectl.ts";
import { operatorMetricLines } from "./harness/operator.ts";
import { reachedNamespace, release, standardsFor } from "./harness/standards.ts";
import { waitUntil } from "./harness/wait-for.ts";
import { CRON_JOB_RUNS, KUBECTL, POD_STARTS, STATUS_FOLLOWS, WHOLE_TEST } from "./timeouts.ts";

const POLICY = "e2e-coverage";
const [A, B] = ["e2e-coverage-a", "e2e-coverage-b"] as const;
const STANDARDS = {
  enforcement: "Audit",
  readinessProbe: { required: true, minTimeoutSeconds: 5 },
  livenessProbe: { minTimeoutSeconds: 9 },
};

const policy = () =>
  kubectlJson<{ status?: ClusterHealthPolicyStatus }>("get", "clusterhealthpolicy", POLICY);

async function coverageBecomes(coverage: object, within: number): Promise<void> {
  await waitUntil({ what: `coverage of ${JSON.stringify(coverage)}`, within }, async () => {
    const { status } = await policy();
    return JSON.stringify(status?.coverage) === JSON.stringify(coverage);
  });
}

const TOO_SHORT = { count: 1, examples: [`${B}/DaemonSet/log`], rule: "ReadinessTimeoutTooShort" };
const JOBS = {
  count: 2,
  examples: [`${B}/CronJob/report`, `${B}/Job/migrate`],
  rule: "LivenessTimeoutTooShort",
};
const ALL = {
  compliant: 1,
  violations: [
    {
      count: 2,
      examples: [`${A}/Deployment/web`, `${B}/Pod/alone`],
      rule: "ReadinessProbeMissing",
    },
    TOO_SHORT,
    JOBS,
  ],
  violationsTotal: 5,
  workloads: 6,
};

beforeAll(async () => {
  await Promise.all([A, B].map((name) => reachedNamespace(name, POLICY)));
  const input = await readFile(join(import.meta.dirname, "coverage.yaml"), "utf8");
  await kubectl(["create", "-f", "-"], { input });
  const standards = standardsFor(POLICY, POLICY, STANDARDS);
  await kubectl(["apply", "--server-side", "-f", "-"], { input: JSON.stringify(standards) });
  const ended = ["wait", "pod/ended", "-n", B, "--for=jsonpath={.status.phase}=Succeeded"];
  await kubectl([...ended, `--timeout=${POD_STARTS}ms`], { timeout: POD_STARTS });
}, WHOLE_TEST);

afterAll(async () => {
  await release(POLICY);
  await kubectl(["delete", "namespace", A, B, "--wait=false"]);
}, WHOLE_TEST);

test(
  "a Deployment, a StatefulSet, a DaemonSet, a Job, a CronJob and a bare pod; one that has ended is left out",
  async () => {
    await coverageBecomes(ALL, CRON_JOB_RUNS);
    expect((await policy()).status?.namespaces).toBe(2);
  },
  WHOLE_TEST,
);

test(
  "kubectl prints it",
  async () => {
    const [head = "", row = ""] = (await kubectl(["get", "chpol", POLICY])).split("\n");
    expect(head.split(/\s+/)).toStrictEqual([
      "NAME",
      "ENFORCEMENT",
      "NAMESPACES",
      "WORKLOADS",
      "COMPLIANT",
      "VIOLATIONS",
      "AGE",
    ]);
    expect(row.split(/\s+/).slice(0, -1)).toStrictEqual([POLICY, "Audit", "2", "6", "1", "5"]);
  },
  KUBECTL,
);

test(
  "the leader gives the same as metrics",
  async () => {
    const lines = [
      ...(await operatorMetricLines("healthpolicy_workloads")),
      ...(await operatorMetricLines("healthpolicy_standard_violations")),
    ].filter((line) => line.includes(`cluster_policy="${POLICY}"`) && !line.endsWith(" 0"));
    expect(lines.toSorted()).toStrictEqual([
      `healthpolicy_standard_violations{cluster_policy="${POLICY}",rule="LivenessTimeoutTooShort"} 2`,
      `healthpolicy_standard_violations{cluster_policy="${POLICY}",rule="ReadinessProbeMissing"} 2`,
      `healthpolicy_standard_violations{cluster_policy="${POLICY}",rule="ReadinessTimeoutTooShort"} 1`,
      `healthpolicy_workloads{cluster_policy="${POLICY}",state="compliant"} 1`,
      `healthpolicy_workloads{cluster_policy="${POLICY}",state="violating"} 5`,
    ]);
  },
  2 * KUBECTL,
);

test(
  "a workload that is mended counts as compliant, by its new pods, while the old ones are there",
  async () => {
    const readinessProbe = { tcpSocket: { port: 80 }, timeoutSeconds: 5 };
    const containers = [{ name: "app", readinessProbe }];
    const patch = JSON.stringify({ spec: { template: { spec: { containers } } } });
    await kubectl(["patch", "deployment/web", "-n", A, "-p", patch]);
    const missing = { count: 1, examples: [`${B}/Pod/alone`], rule: "ReadinessProbeMissing" };
    const mended = {
      compliant: 2,
      violations: [missing, TOO_SHORT, JOBS],
      violationsTotal: 4,
      workloads: 6,
    };
    await coverageBecomes(mended, STATUS_FOLLOWS);
    // The new pods never get ready, so that the rollout stands still.
    const pods = await kubectl(["get", "pods", "-n", A, "-l", "app=web", "-o", "name"]);
    expect(pods.trim().split("\n").length).toBeGreaterThan(2);
  },
  WHOLE_TEST,
);
