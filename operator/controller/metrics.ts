/** What the controller knows, for Prometheus. */
import { Counter, Gauge, type Registry } from "prom-client";
import { metricSettings } from "../api/metric.ts";
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
  new Gauge({
    ...metricSettings(OPERATOR_METRICS.nudgeBounded),
    registers,
    collect() {
      const bound = leader.nudgeBound();
      this.reset();
      if (bound === undefined || bound === "unknown") this.remove();
      else this.set(bound === "bounded" ? 1 : 0);
    },
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
  new Gauge({
    ...metricSettings(OPERATOR_METRICS.certificateExpiry),
    registers,
    collect() {
      const end = certificateExpiry(caches.certificate()?.data ?? {});
      this.reset();
      if (end === undefined) this.remove();
      else this.set(Math.round((end - Date.now()) / 1_000));
    },
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
  new Gauge({
    ...metricSettings(OPERATOR_METRICS.injectionStopped),
    registers,
    collect() {
      const stopped = leader.stoppedNamespaces();
      this.reset();
      if (stopped === undefined) this.remove();
      else this.set(stopped);
    },
  });
  new Gauge({
    ...metricSettings(OPERATOR_METRICS.webhookReachable),
    registers,
    collect() {
      const { state } = leader.webhookReach();
      this.reset();
      if (state === "unknown") this.remove();
      else this.set(state === "reachable" ? 1 : 0);
    },
  });
}
