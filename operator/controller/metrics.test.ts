/** How workloads stand to standards, as metrics. The other metrics are read from the management port's test. */
import { expect, test } from "@jest/globals";
import { Registry } from "prom-client";
import { RULES } from "../api/standards/rules.ts";
import type { Caches } from "./caches.ts";
import { controllerMetrics } from "./metrics.ts";
import type { NudgeBound } from "./nudge/nudge-bound.ts";
import { podOf } from "./pods/testing/pod-of.ts";
import type { Coverage } from "./standards/coverage.ts";
import { IDLE_LEADER } from "./testing/idle-leader.ts";

test("workloads by state, every rule also at 0, and no series of a policy that is gone", async () => {
  const violations = [{ rule: "LivenessProbeMissing", count: 2, examples: ["shop/Pod/secret"] }];
  const coverages = new Map<string, Coverage>([
    ["strict", { workloads: 5, compliant: 3, violationsTotal: 2, violations }],
    ["empty", { workloads: 0, compliant: 0, violationsTotal: 0 }],
  ]);
  const leader = { ...IDLE_LEADER, coverages: () => coverages };
  const registry = new Registry();
  const caches = { certificate: () => undefined };
  controllerMetrics(registry, caches as unknown as Caches, leader);
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

test("what became of nudges, and whether the operator's right on pods is bounded, where that is known", async () => {
  const registry = new Registry();
  let nudgeBound: NudgeBound | undefined;
  const nudges = new Map<string, number>();
  const leader = { ...IDLE_LEADER, nudges: () => nudges, nudgeBound: () => nudgeBound };
  controllerMetrics(registry, { certificate: () => undefined } as unknown as Caches, leader);
  const lines = async () =>
    (await registry.metrics()).split("\n").filter((line) => line.startsWith("healthpolicy_nudge"));
  expect(await lines()).toStrictEqual([]);
  nudges.set("nudged", 3).set("refused", 0);
  nudgeBound = "unknown";
  const counted = [
    'healthpolicy_nudges_total{result="nudged"} 3',
    'healthpolicy_nudges_total{result="refused"} 0',
  ];
  expect(await lines()).toStrictEqual(counted);
  nudgeBound = "bounded";
  expect(await lines()).toStrictEqual([...counted, "healthpolicy_nudge_bounded 1"]);
  nudgeBound = "unbounded";
  expect(await lines()).toStrictEqual([...counted, "healthpolicy_nudge_bounded 0"]);
});

test("whether a replica leads, what waits in it, and which sidecars it sees", async () => {
  const registry = new Registry();
  const version = { tag: "0.1.0" };
  const pods = [podOf({ sidecar: { policy: "web", revision: "r", ready: true, version } })];
  let leads = true;
  const leader = {
    ...IDLE_LEADER,
    leads: () => leads,
    queueDepth: () => (leads ? 3 : 0),
    pods: () =>
      leads ? ({ all: () => pods, secondsSinceLastEvent: () => 1 } as never) : undefined,
  };
  const caches = { certificate: () => undefined };
  controllerMetrics(registry, caches as unknown as Caches, leader);
  const lines = async () =>
    (await registry.metrics()).split("\n").filter((line) => /^healthpolicy_(l|q|s)/.test(line));
  expect(await lines()).toStrictEqual([
    "healthpolicy_leader 1",
    "healthpolicy_queue_depth 3",
    'healthpolicy_sidecars{tag="0.1.0",digest=""} 1',
  ]);
  leads = false;
  expect(await lines()).toStrictEqual(["healthpolicy_leader 0", "healthpolicy_queue_depth 0"]);
});
