/** The metrics of the operator. */
import type { Metric } from "./metric.ts";

export const OPERATOR_METRICS = {
  injections: {
    name: "healthpolicy_injections_total",
    type: "counter",
    labels: ["result", "reason"],
    help: "Answers of the admission webhook, by result (injected, raised, skipped, error, refused) and reason.",
  },
  webhookDuration: {
    name: "healthpolicy_webhook_duration_seconds",
    type: "histogram",
    labels: [],
    help: "Time to decide a review after its last byte was read.",
  },
  pods: {
    name: "healthpolicy_pods",
    type: "gauge",
    labels: ["namespace", "policy", "state"],
    help: "Pods that a policy selects or that are bound to it, by state (matched, injected, outdated, unready, opted_out; of those whose sidecars are asked also asked, unknown, would_be_unready); from the leader alone.",
  },
  workloads: {
    name: "healthpolicy_workloads",
    type: "gauge",
    labels: ["cluster_policy", "state"],
    help: "Workloads that the standards of a ClusterHealthPolicy reach, by state (compliant, violating); from the leader alone.",
  },
  standardViolations: {
    name: "healthpolicy_standard_violations",
    type: "gauge",
    labels: ["cluster_policy", "rule"],
    help: "Workloads that violate a rule of a ClusterHealthPolicy's standards, 0 where none does; from the leader alone.",
  },
  watchLastEvent: {
    name: "healthpolicy_watch_last_event_seconds",
    type: "gauge",
    labels: ["kind"],
    help: "Seconds since the API server last said anything on a watch, bookmarks included; of several, the longest.",
  },
  certificateExpiry: {
    name: "healthpolicy_certificate_expiry_seconds",
    type: "gauge",
    labels: [],
    help: "Seconds until the webhook's certificate ends; absent while there is none.",
  },
  leader: {
    name: "healthpolicy_leader",
    type: "gauge",
    labels: [],
    help: "1 in the replica that leads and so writes, 0 in the others.",
  },
  queueDepth: {
    name: "healthpolicy_queue_depth",
    type: "gauge",
    labels: [],
    help: "Pieces of work that wait for their turn; 0 in a replica that does not lead.",
  },
  queueLatency: {
    name: "healthpolicy_queue_latency_seconds",
    type: "histogram",
    labels: ["kind"],
    help: "Time that a piece of work that was due waited for its turn, by kind (policy, rollout, clusterPolicy, webhookConfiguration, webhookProof, nudgeProof, certificate, imagePulls).",
  },
  reconcileErrors: {
    name: "healthpolicy_reconcile_errors_total",
    type: "counter",
    labels: ["kind"],
    help: "Pieces of work that failed and are tried again, by kind.",
  },
  apiCalls: {
    name: "healthpolicy_api_calls_total",
    type: "counter",
    labels: ["verb", "code"],
    help: "Calls to the API server, by verb (get with lists, watch, create, update, patch) and the HTTP status of the answer; none where no answer came.",
  },
  sidecars: {
    name: "healthpolicy_sidecars",
    type: "gauge",
    labels: ["tag", "digest"],
    help: "Pods by the image of their sidecar, the 20 most frequent and the rest as tag other; from the leader alone, of the namespaces whose pods it knows.",
  },
  webhookReachable: {
    name: "healthpolicy_webhook_reachable",
    type: "gauge",
    labels: [],
    help: "1 while API servers get through to the webhook, 0 while not; from the leader alone, absent while unknown.",
  },
  injectionStopped: {
    name: "healthpolicy_injection_stopped",
    type: "gauge",
    labels: [],
    help: "Namespaces with a policy whose new pods get no sidecar because nodes cannot pull or start its image, 0 where all do; from the leader alone.",
  },
  events: {
    name: "healthpolicy_events_total",
    type: "counter",
    labels: ["reason", "result"],
    help: "Events that there were to write, by reason and result (written; repeated: one of the same text stands in the cluster; left_out: there was no turn for it; failed); from the replica that led.",
  },
  evictions: {
    name: "healthpolicy_evictions_total",
    type: "counter",
    labels: ["result"],
    help: "Evictions asked for because of rollout: Restart, by result (evicted, gone, budget: a PodDisruptionBudget refused it, failed); from the replica that led.",
  },
  nudges: {
    name: "healthpolicy_nudges_total",
    type: "counter",
    labels: ["result"],
    help: "Pods that were to be told of a change of their policy at once, by result (nudged, gone, refused: by admission, or undone by it, left_out: there was no turn for it within a minute, failed); from the replica that led, with nudge.enabled alone.",
  },
  nudgeBounded: {
    name: "healthpolicy_nudge_bounded",
    type: "gauge",
    labels: [],
    help: "1 while the API server refuses the operator every change of pods but its annotation, 0 while it takes others; from the leader alone, with nudge.enabled alone, absent while unknown.",
  },
} as const satisfies Record<string, Metric>;
