/** What the controller knows, for Prometheus. */
import { Gauge, type Registry } from "prom-client";
import { RULES } from "../api/standards/rules.ts";
import type { Caches } from "./caches.ts";
import { certificateExpiry } from "./certificate/certificate-plan.ts";
import type { Leader } from "./leader.ts";
import type { PodCounts } from "./policy/pod-counts.ts";

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
    name: "healthpolicy_workloads",
    help: "Workloads that the standards of a ClusterHealthPolicy reach, by state; from the leader alone.",
    labelNames: ["cluster_policy", "state"],
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
    name: "healthpolicy_standard_violations",
    help: "Workloads that violate a rule of a ClusterHealthPolicy's standards; from the leader alone.",
    labelNames: ["cluster_policy", "rule"],
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

/** Registers the metrics of the controller; values are read when they are asked for. */
export function controllerMetrics(registry: Registry, caches: Caches, leader: Leader): void {
  const registers = [registry];
  new Gauge({
    name: "healthpolicy_pods",
    help: "Pods that a policy selects or that are bound to it, by state; from the leader alone.",
    labelNames: ["namespace", "policy", "state"],
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
  new Gauge({
    name: "healthpolicy_watch_last_event_seconds",
    help: "Seconds since the API server last said anything on a watch, bookmarks included; of several, the longest.",
    labelNames: ["kind"],
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
    name: "healthpolicy_certificate_expiry_seconds",
    help: "Seconds until the webhook's certificate ends; absent while there is none.",
    registers,
    collect() {
      const end = certificateExpiry(caches.certificate()?.data ?? {});
      this.reset();
      if (end === undefined) this.remove();
      else this.set(Math.round((end - Date.now()) / 1_000));
    },
  });
  new Gauge({
    name: "healthpolicy_webhook_reachable",
    help: "1 while API servers get through to the webhook, 0 while not; from the leader alone, absent while unknown.",
    registers,
    collect() {
      const { state } = leader.webhookReach();
      this.reset();
      if (state === "unknown") this.remove();
      else this.set(state === "reachable" ? 1 : 0);
    },
  });
}
