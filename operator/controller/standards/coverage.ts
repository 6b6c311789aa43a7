/** How the workloads of a cluster stand to the standards of a ClusterHealthPolicy. Pure. */
import type { PodProbes } from "../../api/standards/pod-probes.ts";
import type { Standards } from "../../api/standards/rule.ts";
import { RULES, type RuleId } from "../../api/standards/rules.ts";
import { violations } from "../../api/standards/violations.ts";
import {
  type ClusterHealthPolicyStatus,
  MAX_WORKLOAD_EXAMPLES,
} from "../../api/v1alpha1-cluster-status.ts";

/** Coverage as it stands in a status, which may be another version's. */
type ReportedCoverage = NonNullable<ClusterHealthPolicyStatus["coverage"]>;

/** Coverage as it is counted. */
export interface Coverage extends ReportedCoverage {
  workloads: number;
  compliant: number;
  violationsTotal: number;
}

/** What of a pod coverage is counted from. Pods of one workload share the object. */
export interface JudgedPod {
  /** `Kind/name`. */
  workload: string;
  probes: PodProbes;
}

/** A pod, as far as it counts here. */
export interface CountedPod {
  name: string;
  /** Seconds since 1970. */
  created: number;
  judged: Readonly<JudgedPod>;
}

/** Whether `pod` is the one that its workload is judged by: the newest, of two as old the one named last. */
function isNewer(pod: CountedPod, known: CountedPod | undefined): boolean {
  if (!known) return true;
  return pod.created === known.created ? pod.name > known.name : pod.created > known.created;
}

/** What each workload of a namespace has in its newest pod, by name of the workload. */
function judgedWorkloads(pods: Iterable<CountedPod>): [string, PodProbes][] {
  const newest = new Map<string, CountedPod>();
  for (const pod of pods) {
    if (isNewer(pod, newest.get(pod.judged.workload))) newest.set(pod.judged.workload, pod);
  }
  return [...newest.entries()]
    .map(([workload, { judged }]): [string, PodProbes] => [workload, judged.probes])
    .sort(([a], [b]) => (a < b ? -1 : 1));
}

/** The rules that are violated, each once. Asked once for probes that many workloads share. */
function createJudge(standards: Standards): (probes: PodProbes) => ReadonlySet<RuleId> {
  const known = new Map<PodProbes, ReadonlySet<RuleId>>();
  return (probes) => {
    const found = known.get(probes) ?? new Set(violations(probes, standards).map((v) => v.rule));
    known.set(probes, found);
    return found;
  };
}

/**
 * Counts workloads, those that violate nothing, and violations by rule, each workload once however many containers
 * violate it. Examples are the first of all in the order of their names, so that they stay the same while others
 * come and go. Namespaces are sorted here; every one with its pods that have not ended.
 */
export function coverageOf(
  standards: Standards,
  namespaces: Iterable<readonly [name: string, pods: Iterable<CountedPod>]>,
): Coverage {
  const rulesOf = createJudge(standards);
  const byRule = new Map<RuleId, { count: number; examples: string[] }>();
  let workloads = 0;
  let compliant = 0;
  const count = (rule: RuleId, example: string) => {
    const violation = byRule.get(rule) ?? { count: 0, examples: [] };
    violation.count += 1;
    if (violation.examples.length < MAX_WORKLOAD_EXAMPLES) violation.examples.push(example);
    byRule.set(rule, violation);
  };
  for (const [namespace, pods] of [...namespaces].sort(([a], [b]) => (a < b ? -1 : 1))) {
    for (const [workload, probes] of judgedWorkloads(pods)) {
      const rules = rulesOf(probes);
      workloads += 1;
      if (rules.size === 0) compliant += 1;
      for (const rule of rules) count(rule, `${namespace}/${workload}`);
    }
  }
  const counted = RULES.flatMap(({ id }) => {
    const violation = byRule.get(id);
    return violation ? [{ rule: id, ...violation }] : [];
  });
  const violationsTotal = counted.reduce((sum, violation) => sum + violation.count, 0);
  return {
    workloads,
    compliant,
    violationsTotal,
    ...(counted.length > 0 && { violations: counted }),
  };
}
