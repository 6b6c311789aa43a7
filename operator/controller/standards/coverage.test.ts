import { expect, test } from "@jest/globals";
import { openApiSchema } from "../../api/crd.ts";
import { CLUSTER_HEALTH_POLICY } from "../../api/resources.ts";
import type { Standards } from "../../api/standards/rule.ts";
import { RULES } from "../../api/standards/rules.ts";
import { type CountedPod, coverageOf } from "./coverage.ts";

const STANDARDS: Standards = {
  enforcement: "Audit",
  readinessProbe: { required: true },
  livenessProbe: { required: true, differsFromReadiness: true },
};
const probe = (host: string) => ({ tcpSocket: { host } });
const GOOD = { readinessProbe: probe("a"), livenessProbe: probe("b") };
const BAD = { readinessProbe: probe("a") };

/** A pod of the workload whose containers are like these. */
function pod(workload: string, containers: object[], facts: Partial<CountedPod> = {}): CountedPod {
  const probes = { containers: containers.map((one) => ({ name: "c", ...one })) };
  return { name: "pod", created: 1, judged: { workload, probes }, ...facts };
}

test("nothing to count", () => {
  const none = { workloads: 0, compliant: 0, violationsTotal: 0 };
  expect(coverageOf(STANDARDS, [])).toStrictEqual(none);
  expect(coverageOf(STANDARDS, [["shop", []]])).toStrictEqual(none);
});

test("workloads, each once for a rule, in the order of their names and of the rules", () => {
  const shop = [
    pod("Deployment/web", [BAD, BAD]),
    pod("Deployment/api", [{}]),
    pod("StatefulSet/db", [GOOD]),
    pod("Deployment/web", [BAD, BAD], { name: "another" }),
    pod("Pod/one", [{ ...GOOD, livenessProbe: probe("a") }]),
  ];
  const bank = [pod("Deployment/web", [BAD])];
  const wanted = {
    workloads: 5,
    compliant: 1,
    violationsTotal: 5,
    violations: [
      { rule: "ReadinessProbeMissing", count: 1, examples: ["shop/Deployment/api"] },
      {
        rule: "LivenessProbeMissing",
        count: 3,
        examples: ["bank/Deployment/web", "shop/Deployment/api", "shop/Deployment/web"],
      },
      { rule: "LivenessEqualsReadiness", count: 1, examples: ["shop/Pod/one"] },
    ],
  };
  expect(
    coverageOf(STANDARDS, [
      ["shop", shop],
      ["bank", bank],
    ]),
  ).toStrictEqual(wanted);
  expect(
    coverageOf(STANDARDS, [
      ["bank", bank],
      ["shop", shop.toReversed()],
    ]),
  ).toStrictEqual(wanted);
});

test.each([
  ["the newer is good", { created: 1 }, { created: 2 }, 1],
  ["the newer is bad", { created: 2 }, { created: 1 }, 0],
  ["equally old, the last by name is good", { name: "a" }, { name: "b" }, 1],
  ["equally old, the last by name is bad", { name: "b" }, { name: "a" }, 0],
])("pods of one workload that differ: %s", (_what, bad, good, compliant) => {
  const pods = [pod("Deployment/web", [BAD], bad), pod("Deployment/web", [GOOD], good)];
  for (const order of [pods, pods.toReversed()]) {
    expect(coverageOf(STANDARDS, [["shop", order]])).toMatchObject({ workloads: 1, compliant });
  }
});

test("ten examples, the first of all, whatever comes behind them", () => {
  const names = Array.from({ length: 30 }, (_, index) => `Deployment/web-${10 + index}`);
  const examplesOf = (workloads: string[]) =>
    coverageOf(STANDARDS, [["shop", workloads.map((name) => pod(name, [BAD]))]]).violations?.[0];
  const all = examplesOf(names);
  expect(all).toMatchObject({ count: 30 });
  expect(all?.examples).toStrictEqual(names.slice(0, 10).map((name) => `shop/${name}`));
  expect(examplesOf(names.slice(0, 20))?.examples).toStrictEqual(all?.examples);
});

test("the longest names, every rule and ten examples are within the schema, and far below an object's size", () => {
  const namespace = "n".repeat(63);
  const workload = (index: number) =>
    `ReplicationController/${String(index).padStart(5, "0").padEnd(253, "w")}`;
  const one = {
    httpGet: { path: "/db", port: 1 },
    timeoutSeconds: 40,
    periodSeconds: 30,
    initialDelaySeconds: 90,
  };
  const exec = { exec: { command: ["a"] }, timeoutSeconds: 1, periodSeconds: 2 };
  const containers = [
    {},
    { readinessProbe: one, livenessProbe: one },
    { readinessProbe: exec, livenessProbe: exec },
  ];
  const asked = {
    required: true,
    minTimeoutSeconds: 5,
    minExecTimeoutSeconds: 5,
    timeoutWithinPeriod: true,
    maxPeriodSeconds: 10,
    maxInitialDelaySeconds: 10,
  };
  const all: Standards = {
    enforcement: "Audit",
    readinessProbe: asked,
    livenessProbe: { ...asked, differsFromReadiness: true, forbiddenPaths: ["/db"] },
  };
  const pods = Array.from({ length: 10_000 }, (_, index) => pod(workload(index), containers));
  const coverage = coverageOf(all, [[namespace, pods]]);
  expect(coverage.violations?.map(({ rule }) => rule)).toStrictEqual(RULES.map(({ id }) => id));
  const schema = openApiSchema(CLUSTER_HEALTH_POLICY).properties?.status?.properties?.coverage;
  const examples = schema?.properties?.violations?.items?.properties?.examples;
  for (const violation of coverage.violations ?? []) {
    expect(violation.examples).toHaveLength(Number(examples?.maxItems));
    for (const example of violation.examples ?? []) {
      expect(example.length).toBeLessThanOrEqual(Number(examples?.items?.maxLength));
    }
  }
  expect(JSON.stringify(coverage).length).toBeLessThan(50_000);
});
