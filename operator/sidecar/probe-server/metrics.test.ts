import { expect, test } from "@jest/globals";
import { counted, NO_CHECKS } from "../check-counts.ts";
import type { DependencyView, PodView } from "../pod-view.ts";
import { UNHEARD } from "../verdict.ts";
import { metrics } from "./metrics.ts";

const HIGH = { high: true, against: 0 };

const database: DependencyView = {
  name: "orders-db",
  type: "postgresql",
  impact: "Gate",
  settled: true,
  state: { ...UNHEARD, up: HIGH, passing: HIGH, heardAt: 1 },
  counts: [3, 5, 700, 20_000].reduce(
    (counts, milliseconds) => counted(counts, { ok: true }, milliseconds),
    counted(NO_CHECKS, { ok: false, reason: "CheckTimeout" }, 4_000),
  ),
};
const unheard: DependencyView = {
  ...database,
  name: "sessions",
  type: "memcached",
  impact: "Observe",
  state: UNHEARD,
  counts: NO_CHECKS,
};

const pod = (ready: boolean, dependencies: DependencyView[]): PodView => ({
  policy: "web",
  generation: 1,
  verdict: { ready, reason: undefined, gating: [] },
  dependencies,
});

test("the whole text of one dependency", () => {
  const labels = 'dependency="orders-db",type="postgresql",impact="Gate"';
  expect(metrics(pod(true, [database]))).toBe(`\
# HELP healthpolicy_pod_ready 1 while the sidecar answers its readiness probe with success.
# TYPE healthpolicy_pod_ready gauge
healthpolicy_pod_ready 1
# HELP healthpolicy_dependency_up 1 while the dependency counts as up; absent before its first check, and where nobody can be asked: NeedsRestart, Unsupported.
# TYPE healthpolicy_dependency_up gauge
healthpolicy_dependency_up{${labels}} 1
# HELP healthpolicy_check_duration_seconds How long checks took, failed ones included.
# TYPE healthpolicy_check_duration_seconds histogram
healthpolicy_check_duration_seconds_bucket{${labels},le="0.005"} 2
healthpolicy_check_duration_seconds_bucket{${labels},le="0.01"} 2
healthpolicy_check_duration_seconds_bucket{${labels},le="0.025"} 2
healthpolicy_check_duration_seconds_bucket{${labels},le="0.05"} 2
healthpolicy_check_duration_seconds_bucket{${labels},le="0.1"} 2
healthpolicy_check_duration_seconds_bucket{${labels},le="0.25"} 2
healthpolicy_check_duration_seconds_bucket{${labels},le="0.5"} 2
healthpolicy_check_duration_seconds_bucket{${labels},le="1"} 3
healthpolicy_check_duration_seconds_bucket{${labels},le="2.5"} 3
healthpolicy_check_duration_seconds_bucket{${labels},le="5"} 4
healthpolicy_check_duration_seconds_bucket{${labels},le="10"} 4
healthpolicy_check_duration_seconds_bucket{${labels},le="+Inf"} 5
healthpolicy_check_duration_seconds_sum{${labels}} 24.708
healthpolicy_check_duration_seconds_count{${labels}} 5
# HELP healthpolicy_check_failures_total Failed checks by reason.
# TYPE healthpolicy_check_failures_total counter
healthpolicy_check_failures_total{dependency="orders-db",reason="CheckTimeout"} 1
`);
});

test("a dry run: the pod is ready, and two gauges say what would not be", () => {
  const enforced = { ready: false, reason: undefined, gating: ["orders-db"] };
  const text = metrics({ ...pod(true, [database, unheard]), enforced });
  expect(text).toContain(`healthpolicy_pod_ready 1
# HELP healthpolicy_dry_run_pod_ready In a dry run: 1 while the sidecar would answer its readiness probe with success.
# TYPE healthpolicy_dry_run_pod_ready gauge
healthpolicy_dry_run_pod_ready 0
# HELP healthpolicy_dry_run_dependency_gates In a dry run: 1 while the dependency would keep the pod unready.
# TYPE healthpolicy_dry_run_dependency_gates gauge
healthpolicy_dry_run_dependency_gates{dependency="orders-db",type="postgresql",impact="Gate"} 1
healthpolicy_dry_run_dependency_gates{dependency="sessions",type="memcached",impact="Observe"} 0
`);
});

test("a gauge says whether the fault is shared, where others are asked", () => {
  const lines = (more: Partial<PodView>) =>
    metrics({ ...pod(true, []), ...more })
      .split("\n")
      .filter((line) => line.startsWith("healthpolicy_pod_shared_fault"));
  const verdict = { ready: true, reason: "SharedFault" as const, gating: [], shared: ["db"] };
  expect(lines({})).toStrictEqual([]);
  expect(lines({ asksPeers: true })).toStrictEqual(["healthpolicy_pod_shared_fault 0"]);
  expect(lines({ asksPeers: true, verdict })).toStrictEqual(["healthpolicy_pod_shared_fault 1"]);
});

test.each([
  ["was held up by its CPU limit", "throttled", "healthpolicy_sidecar_cpu_throttled_seconds_total"],
  ["waited for a CPU", "waited", "healthpolicy_sidecar_cpu_wait_seconds_total"],
] as const)("how long the sidecar %s, where somebody says", (_, field, name) => {
  const nothing = { throttled: undefined, waited: undefined };
  const of = (seconds: number) =>
    metrics(pod(true, []), { cpuSeconds: { ...nothing, [field]: seconds } });
  expect(of(31.5)).toContain(`\n# TYPE ${name} counter\n${name} 31.5\n`);
  expect(of(0)).toContain(`\n${name} 0\n`);
  expect(of(0).match(/_sidecar_cpu_\w+ 0$/gm)).toHaveLength(1);
  expect(metrics(pod(true, []))).not.toContain(name);
});

test("how many connections the port has refused, where it is known", () => {
  const name = "healthpolicy_sidecar_refused_connections_total";
  const of = (refusedConnections: number) => metrics(pod(true, []), { refusedConnections });
  expect(of(7)).toContain(`\n# TYPE ${name} counter\n${name} 7\n`);
  expect(of(0)).toContain(`\n${name} 0\n`);
  expect(metrics(pod(true, []))).not.toContain(name);
});

test("a dependency that is down is 0, one without a result is absent", () => {
  const state = { ...UNHEARD, heardAt: 1, reason: "AuthenticationFailed" as const };
  const down = { ...database, state };
  const text = metrics(pod(false, [down, unheard]));
  expect(text).toContain("healthpolicy_pod_ready 0\n");
  expect(text).toMatch(/^healthpolicy_dependency_up\{dependency="orders-db",.*\} 0$/m);
  expect(text).not.toMatch(/healthpolicy_dependency_up\{dependency="sessions"/);
  expect(text.split("\n").filter((line) => !/^(# |healthpolicy_|$)/.test(line))).toStrictEqual([]);
});

test.each(["NeedsRestart", "Unsupported"] as const)(
  "a dependency that nobody has been asked about is absent, and its checks count: %s",
  (reason) => {
    const counts = counted(NO_CHECKS, { ok: false, reason }, 1);
    const view = { ...database, state: { ...UNHEARD, heardAt: 1, reason }, counts };
    const text = metrics(pod(true, [view]));
    expect(text).not.toContain("healthpolicy_dependency_up{");
    expect(text).toContain(`_failures_total{dependency="orders-db",reason="${reason}"} 1\n`);
  },
);

test("counts start from nothing and leave what they were made from as it was", () => {
  const once = counted(NO_CHECKS, { ok: false, reason: "HostNotFound" }, 1);
  expect(counted(once, { ok: false, reason: "HostNotFound" }, 1).failures).toStrictEqual({
    HostNotFound: 2,
  });
  expect(once.failures).toStrictEqual({ HostNotFound: 1 });
  expect(NO_CHECKS.buckets.every((count) => count === 0)).toBe(true);
});
