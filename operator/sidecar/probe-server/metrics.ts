/** The pod's state as Prometheus text, by hand: a client library costs megabytes in every pod. */
import type { Metric } from "../../api/metric.ts";
import { gatingOf } from "../../api/reasons.ts";
import { SIDECAR_METRICS } from "../../api/sidecar-metrics.ts";
import { BUCKETS_SECONDS, type CheckCounts } from "../check-counts.ts";
import type { DependencyView, PodView } from "../pod-view.ts";
import type { DependencyState, Verdict } from "../verdict.ts";
import type { CpuSeconds } from "../watch-cpu.ts";

/** The content type of the text format. */
export const METRICS_CONTENT_TYPE = "text/plain; version=0.0.4; charset=utf-8";

interface Family extends Metric {
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

const {
  podReady: READY,
  podSharedFault: SHARED_FAULT,
  cpuThrottled: THROTTLED,
  cpuWaited: WAITED,
  refusedConnections: REFUSED,
  dryRunPodReady: WOULD_BE_READY,
  dryRunDependencyGates: WOULD_GATE,
  dependencyUp: UP,
  checkDuration: DURATION,
  checkFailures: FAILURES,
} = SIDECAR_METRICS;

/**
 * A check that only a new pod or a newer sidecar can make has asked nobody. Were its dependency 0, an edit that names a
 * Secret which running pods do not mount would call somebody out of bed for a database that is up.
 */
const hasAskedNobody = ({ heardAt, reason }: DependencyState) =>
  heardAt === undefined || (reason !== undefined && gatingOf(reason) === "Never");

function up({ name, type, impact, state }: DependencyView): string[] {
  if (hasAskedNobody(state)) return [];
  return [sample(UP.name, { dependency: name, type, impact }, Number(state.up.high))];
}

const durations = ({ name, type, impact, counts }: DependencyView) =>
  histogram(DURATION.name, { dependency: name, type, impact }, counts);

const failures = ({ name, counts }: DependencyView) =>
  Object.entries(counts.failures).map(([reason, count]) =>
    sample(FAILURES.name, { dependency: name, reason }, count),
  );

/** Nothing where nobody is asked, so that its absence is told from a fault of one pod's own. */
function sharedFault({ asksPeers, verdict }: PodView): Family[] {
  if (!asksPeers) return [];
  const shared = verdict.reason === "SharedFault";
  return [{ ...SHARED_FAULT, samples: [sample(SHARED_FAULT.name, {}, Number(shared))] }];
}

/** What an enforced policy would do; nothing where it is enforced, so that no alert fires twice for one fault. */
function dryRun(enforced: Verdict | undefined, dependencies: DependencyView[]): Family[] {
  if (!enforced) return [];
  return [
    {
      ...WOULD_BE_READY,
      samples: [sample(WOULD_BE_READY.name, {}, Number(enforced.ready))],
    },
    {
      ...WOULD_GATE,
      samples: dependencies.map(({ name, type, impact }) => {
        const labels = { dependency: name, type, impact };
        return sample(WOULD_GATE.name, labels, Number(enforced.gating.includes(name)));
      }),
    },
  ];
}

/** What is known of the program itself. */
export interface ProgramView {
  /** For how long it has been without CPU. */
  cpuSeconds?: CpuSeconds;
  /** How many connections its port has refused. */
  refusedConnections?: number;
}

/** Nothing where the node does not say it: 0 would be a promise. */
function withoutCpu({ throttled, waited }: CpuSeconds): Family[] {
  const counted = [
    { ...THROTTLED, seconds: throttled },
    { ...WAITED, seconds: waited },
  ];
  return counted.flatMap(({ seconds, ...metric }) =>
    seconds === undefined ? [] : [{ ...metric, samples: [sample(metric.name, {}, seconds)] }],
  );
}

function refused(count: number | undefined): Family[] {
  if (count === undefined) return [];
  return [{ ...REFUSED, samples: [sample(REFUSED.name, {}, count)] }];
}

function families(view: PodView, program: ProgramView): Family[] {
  const { verdict, enforced, dependencies } = view;
  return [
    {
      ...READY,
      samples: [sample(READY.name, {}, Number(verdict.ready))],
    },
    ...sharedFault(view),
    ...dryRun(enforced, dependencies),
    {
      ...UP,
      samples: dependencies.flatMap(up),
    },
    {
      ...DURATION,
      samples: dependencies.flatMap(durations),
    },
    {
      ...FAILURES,
      samples: dependencies.flatMap(failures),
    },
    ...(program.cpuSeconds ? withoutCpu(program.cpuSeconds) : []),
    ...refused(program.refusedConnections),
  ];
}

/** The text of /metrics. Its size is bounded by the policy: 12 dependencies, 18 reasons. */
export function metrics(view: PodView, program: ProgramView = {}): string {
  const lines = families(view, program).flatMap(({ name, type, help, samples }) => [
    `# HELP ${name} ${help}`,
    `# TYPE ${name} ${type}`,
    ...samples,
  ]);
  return `${lines.join("\n")}\n`;
}
