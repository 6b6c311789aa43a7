/** What the controller knows, for Prometheus. */
import { Counter, Gauge, type Registry } from "prom-client";
import { type Metric, metricSettings } from "../api/metric.ts";
import { OPERATOR_METRICS } from "../api/operator-metrics.ts";
import { RULES } from "../api/standards/rules.ts";
import type { Caches } from "./caches.ts";
import { certificateExpiry } from "./certificate/certificate-plan.ts";
import type { Leader } from "./leader.ts";
import type { PodCounts } from "./policy/pod-counts.ts";
import { sidecarVersions } from "./sidecars/sidecar-versions.ts";

/** Pods of a policy by state; `would_be_unready` in a dry run alone, and only once sidecars have been asked. */
function states({ matched, injected, outdated, unready, optedOut, reports }: PodCounts) {
  const { asked, unknown, wouldBeUnready } = reports ?? {};
  return {
    matched,
    injected,
    outdated,
    unready,
    opted_out: optedOut,
    ...(asked !== undefined && { asked, unknown: unknown ?? 0 }),
    ...(wouldBeUnready !== undefined && { would_be_unready: wouldBeUnready }),
  };
}

/** Registers a gauge that is left out while nobody knows its value: 0 would be one. */
function optionalGauge(
  registers: Registry[],
  metric: Metric,
  read: () => number | undefined,
): void {
  new Gauge({
    ...metricSettings(metric),
    registers,
    collect() {
      const value = read();
      this.reset();
      if (value === undefined) this.remove();
      else this.set(value);
    },
  });
}

/** Registers how workloads stand to standards. */
function coverageMetrics(registers: Registry[], leader: Leader): void {
  new Gauge({
    ...metricSettings(OPERATOR_METRICS.workloads),
    registers,
    collect() {
      this.reset();
      for (const [cluster_policy, { workloads, compliant }] of leader.coverages()) {
        this.set({ cluster_policy, state: "compliant" }, compliant);
        this.set({ cluster_policy, state: "violating" }, workloads - compliant);
      }
    },
  });
  new Gauge({
    ...metricSettings(OPERATOR_METRICS.standardViolations),
    registers,
    collect() {
      this.reset();
      for (const [cluster_policy, { violations }] of leader.coverages()) {
        for (const { id: rule } of RULES) this.set({ cluster_policy, rule }, 0);
        for (const { rule, count } of violations ?? []) this.set({ cluster_policy, rule }, count);
      }
    },
  });
}

/** Registers what a replica does: whether it leads, what waits, and which sidecars the leader sees. */
function leaderMetrics(registers: Registry[], leader: Leader): void {
  new Gauge({
    ...metricSettings(OPERATOR_METRICS.leader),
    registers,
    collect() {
      this.set(leader.leads() ? 1 : 0);
    },
  });
  new Gauge({
    ...metricSettings(OPERATOR_METRICS.queueDepth),
    registers,
    collect() {
      this.set(leader.queueDepth());
    },
  });
  new Gauge({
    ...metricSettings(OPERATOR_METRICS.sidecars),
    registers,
    collect() {
      this.reset();
      for (const { tag, digest, pods } of sidecarVersions(leader.pods()?.all() ?? [])) {
        this.set({ tag, digest }, pods);
      }
    },
  });
}

/** Registers what became of nudges, and whether more than that could be done to pods. */
function nudgeMetrics(registers: Registry[], leader: Leader): void {
  new Counter({
    ...metricSettings(OPERATOR_METRICS.nudges),
    registers,
    collect() {
      this.reset();
      for (const [result, count] of leader.nudges()) this.inc({ result }, count);
    },
  });
  optionalGauge(registers, OPERATOR_METRICS.nudgeBounded, () => {
    const bound = leader.nudgeBound();
    if (bound === undefined || bound === "unknown") return undefined;
    return bound === "bounded" ? 1 : 0;
  });
}

/** Registers the metrics of the controller; values are read when they are asked for. */
export function controllerMetrics(registry: Registry, caches: Caches, leader: Leader): void {
  const registers = [registry];
  new Gauge({
    ...metricSettings(OPERATOR_METRICS.pods),
    registers,
    collect() {
      this.reset();
      for (const [key, counts] of leader.counts()) {
        const [namespace = "", policy = ""] = key.split("/");
        for (const [state, value] of Object.entries(states(counts))) {
          this.set({ namespace, policy, state }, value);
        }
      }
    },
  });
  coverageMetrics(registers, leader);
  leaderMetrics(registers, leader);
  new Gauge({
    ...metricSettings(OPERATOR_METRICS.watchLastEvent),
    registers,
    collect() {
      this.reset();
      const watches = {
        HealthPolicy: caches.policies,
        ClusterHealthPolicy: caches.clusterPolicies,
        Namespace: caches.namespaces,
        Service: caches.services,
        Secret: caches.certificates,
        Pod: leader.pods(),
      };
      for (const [kind, watch] of Object.entries(watches)) {
        if (watch) this.set({ kind }, watch.secondsSinceLastEvent());
      }
    },
  });
  optionalGauge(registers, OPERATOR_METRICS.certificateExpiry, () => {
    const end = certificateExpiry(caches.certificate()?.data ?? {});
    return end === undefined ? undefined : Math.round((end - Date.now()) / 1_000);
  });
  new Counter({
    ...metricSettings(OPERATOR_METRICS.evictions),
    registers,
    collect() {
      this.reset();
      for (const [result, count] of leader.evictions()) this.inc({ result }, count);
    },
  });
  nudgeMetrics(registers, leader);
  optionalGauge(registers, OPERATOR_METRICS.injectionStopped, () => leader.stoppedNamespaces());
  optionalGauge(registers, OPERATOR_METRICS.webhookReachable, () => {
    const { state } = leader.webhookReach();
    if (state === "unknown") return undefined;
    return state === "reachable" ? 1 : 0;
  });
}
