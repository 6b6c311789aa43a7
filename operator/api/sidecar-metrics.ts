/** The metrics of the sidecar. */
import type { Metric } from "./metric.ts";

/** Which dependency a sample is about. */
const OF_DEPENDENCY = ["dependency", "type", "impact"] as const;

export const SIDECAR_METRICS = {
  podReady: {
    name: "healthpolicy_pod_ready",
    type: "gauge",
    labels: [],
    help: "1 while the sidecar answers its readiness probe with success.",
  },
  dryRunPodReady: {
    name: "healthpolicy_dry_run_pod_ready",
    type: "gauge",
    labels: [],
    help: "In a dry run: 1 while the sidecar would answer its readiness probe with success.",
  },
  dryRunDependencyGates: {
    name: "healthpolicy_dry_run_dependency_gates",
    type: "gauge",
    labels: OF_DEPENDENCY,
    help: "In a dry run: 1 while the dependency would keep the pod unready.",
  },
  podSharedFault: {
    name: "healthpolicy_pod_shared_fault",
    type: "gauge",
    labels: [],
    help: "Where fleet.maxUnready is set: 1 while the pod stays ready because more pods than that share its fault.",
  },
  dependencyUp: {
    name: "healthpolicy_dependency_up",
    type: "gauge",
    labels: OF_DEPENDENCY,
    help: "1 while the dependency counts as up; absent before its first check, and where nobody can be asked: NeedsRestart, Unsupported.",
  },
  checkDuration: {
    name: "healthpolicy_check_duration_seconds",
    type: "histogram",
    labels: OF_DEPENDENCY,
    help: "How long checks took, failed ones included.",
  },
  checkFailures: {
    name: "healthpolicy_check_failures_total",
    type: "counter",
    labels: ["dependency", "reason"],
    help: "Failed checks by reason.",
  },
  cpuThrottled: {
    name: "healthpolicy_sidecar_cpu_throttled_seconds_total",
    type: "counter",
    labels: [],
    help: "For how long the CPU limit has held the sidecar up; absent on nodes without cgroup v2.",
  },
  refusedConnections: {
    name: "healthpolicy_sidecar_refused_connections_total",
    type: "counter",
    labels: [],
    help: "New connections that the sidecar's port has refused, as one second had too many; probes may be among them.",
  },
  cpuWaited: {
    name: "healthpolicy_sidecar_cpu_wait_seconds_total",
    type: "counter",
    labels: [],
    help: "For how long the sidecar's main thread has waited for a CPU; absent where the kernel does not count it.",
  },
} as const satisfies Record<string, Metric>;
