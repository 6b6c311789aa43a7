/** How workloads stand to standards, as metrics. The other metrics are read from the management port's test. */
import { expect, test } from "@jest/globals";
import { Registry } from "prom-client";
import { RULES } from "../api/standards/rules.ts";
import type { Caches } from "./caches.ts";
import type { Leader } from "./leader.ts";
import { controllerMetrics } from "./metrics.ts";
import type { Coverage } from "./standards/coverage.ts";
import { NOT_PROVEN_YET } from "./webhook-configuration/webhook-proof.ts";

test("workloads by state, every rule also at 0, and no series of a policy that is gone", async () => {
  const violations = [{ rule: "LivenessProbeMissing", count: 2, examples: ["shop/Pod/secret"] }];
  const coverages = new Map<string, Coverage>([
    ["strict", { workloads: 5, compliant: 3, violationsTotal: 2, violations }],
    ["empty", { workloads: 0, compliant: 0, violationsTotal: 0 }],
  ]);
  const leader = {
    counts: () => new Map(),
    coverages: () => coverages,
    pods: () => undefined,
    webhookReach: () => NOT_PROVEN_YET.reach,
  };
  const registry = new Registry();
  const caches = { certificate: () => undefined };
  controllerMetrics(registry, caches as unknown as Caches, leader as unknown as Leader);
  const lines = async () =>
    (await registry.metrics()).split("\n").filter((line) => /^healthpolicy_(work|stan)/.test(line));
  const gauge = (name: string, labels: string, value: number) =>
    `healthpolicy_${name}{cluster_policy=${labels}} ${value}`;
  const rules = (policy: string, counts: Record<string, number>) =>
    RULES.map(({ id }) =>
      gauge("standard_violations", `"${policy}",rule="${id}"`, counts[id] ?? 0),
    );
  expect(await lines()).toStrictEqual([
    gauge("workloads", '"strict",state="compliant"', 3),
    gauge("workloads", '"strict",state="violating"', 2),
    gauge("workloads", '"empty",state="compliant"', 0),
    gauge("workloads", '"empty",state="violating"', 0),
    ...rules("strict", { LivenessProbeMissing: 2 }),
    ...rules("empty", {}),
  ]);
  coverages.clear();
  expect(await lines()).toStrictEqual([]);
});
