/** The pod's state as Prometheus text, by hand: a client library costs megabytes in every pod. */
import { BUCKETS_SECONDS, type CheckCounts } from "./check-counts.ts";
import type { DependencyView, PodView } from "./readiness.ts";
import type { Verdict } from "./verdict.ts";

/** The content type of the text format. */
export const METRICS_CONTENT_TYPE = "text/plain; version=0.0.4; charset=utf-8";

interface Family {
  name: string;
  type: "gauge" | "counter" | "histogram";
  help: string;
  samples: string[];
}

/** One sample. Names, types and reasons are plain words by the time they get here: nothing to escape. */
function sample(name: string, labels: Record<string, string>, value: number): string {
  const pairs = Object.entries(labels).map(([label, text]) => `${label}="${text}"`);
  return `${name}${pairs.length > 0 ? `{${pairs.join(",")}}` : ""} ${value}`;
}

function histogram(name: string, labels: Record<string, string>, counts: CheckCounts): string[] {
  let below = 0;
  const buckets = counts.buckets.map((count, index) => {
    below += count;
    const le = index < BUCKETS_SECONDS.length ? String(BUCKETS_SECONDS[index]) : "+Inf";
    return sample(`${name}_bucket`, { ...labels, le }, below);
  });
  return [
    ...buckets,
    sample(`${name}_sum`, labels, counts.sumSeconds),
    sample(`${name}_count`, labels, below),
  ];
}

const UP = "healthpolicy_dependency_up";
const DURATION = "healthpolicy_check_duration_seconds";
const FAILURES = "healthpolicy_check_failures_total";
const READY = "healthpolicy_pod_ready";
const WOULD_BE_READY = "healthpolicy_dry_run_pod_ready";
const WOULD_GATE = "healthpolicy_dry_run_dependency_gates";

function up({ name, type, impact, state }: DependencyView): string[] {
  if (state.heardAt === undefined) return [];
  return [sample(UP, { dependency: name, type, impact }, Number(state.up.high))];
}

const durations = ({ name, type, impact, counts }: DependencyView) =>
  histogram(DURATION, { dependency: name, type, impact }, counts);

const failures = ({ name, counts }: DependencyView) =>
  Object.entries(counts.failures).map(([reason, count]) =>
    sample(FAILURES, { dependency: name, reason }, count),
  );

/** What an enforced policy would do; nothing where it is enforced, so that no alert fires twice for one fault. */
function dryRun(enforced: Verdict | undefined, dependencies: DependencyView[]): Family[] {
  if (!enforced) return [];
  return [
    {
      name: WOULD_BE_READY,
      type: "gauge",
      help: "In a dry run: 1 while the sidecar would answer its readiness probe with success.",
      samples: [sample(WOULD_BE_READY, {}, Number(enforced.ready))],
    },
    {
      name: WOULD_GATE,
      type: "gauge",
      help: "In a dry run: 1 while the dependency would keep the pod unready.",
      samples: dependencies.map(({ name, type, impact }) => {
        const labels = { dependency: name, type, impact };
        return sample(WOULD_GATE, labels, Number(enforced.gating.includes(name)));
      }),
    },
  ];
}

function families({ verdict, enforced, dependencies }: PodView): Family[] {
  return [
    {
      name: READY,
      type: "gauge",
      help: "1 while the sidecar answers its readiness probe with success.",
      samples: [sample(READY, {}, Number(verdict.ready))],
    },
    ...dryRun(enforced, dependencies),
    {
      name: UP,
      type: "gauge",
      help: "1 while the dependency counts as up; absent before its first check.",
      samples: dependencies.flatMap(up),
    },
    {
      name: DURATION,
      type: "histogram",
      help: "How long checks took, failed ones included.",
      samples: dependencies.flatMap(durations),
    },
    {
      name: FAILURES,
      type: "counter",
      help: "Failed checks by reason.",
      samples: dependencies.flatMap(failures),
    },
  ];
}

/** The text of /metrics. Its size is bounded by the policy: 12 dependencies, 18 reasons. */
export function metrics(view: PodView): string {
  const lines = families(view).flatMap(({ name, type, help, samples }) => [
    `# HELP ${name} ${help}`,
    `# TYPE ${name} ${type}`,
    ...samples,
  ]);
  return `${lines.join("\n")}\n`;
}
