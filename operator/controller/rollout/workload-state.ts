/** How the pods of a workload stand: what the next eviction there would meet. Pure. */
import type { PodRecord } from "../pods/pod-record.ts";
import type { WhyRestart } from "./restartable.ts";

/** The pods of one workload. */
export interface WorkloadState {
  /** `Kind/name`. */
  name: string;
  pods: PodRecord[];
  terminating: PodRecord[];
  /** Those of `pods` that a restart would mend. */
  toRestart: PodRecord[];
}

/** Groups the pods of a namespace by their workload; `pods` with those that are being deleted. */
export function workloadStates(
  pods: readonly PodRecord[],
  whyRestart: WhyRestart,
): Map<string, WorkloadState> {
  const states = new Map<string, WorkloadState>();
  for (const pod of pods) {
    const { workload: name } = pod.judged;
    const state = states.get(name) ?? { name, pods: [], terminating: [], toRestart: [] };
    states.set(name, state);
    if (pod.terminating) state.terminating.push(pod);
    else state.pods.push(pod);
    if (!pod.terminating && whyRestart(pod)) state.toRestart.push(pod);
  }
  return states;
}

/** How many of its pods are as the policy asks. */
export function currentPods({ pods, toRestart }: WorkloadState): number {
  return pods.length - toRestart.length;
}

/** Why no pod of the workload is to go now, as the end of "waits for ..."; undefined: one may. */
export function whyWait({ name, pods, terminating }: WorkloadState): string | undefined {
  const [goes] = terminating;
  if (goes) return `${name}: pod ${goes.name} is being deleted`;
  const unready = pods.filter(({ ready }) => !ready).length;
  if (unready === 0) return undefined;
  return `${name}: ${unready} of ${pods.length} pods ${unready === 1 ? "is" : "are"} not ready`;
}

const ORDINAL = /-(\d+)$/;
const ordinalOf = ({ name }: PodRecord) => Number(ORDINAL.exec(name)?.[1] ?? -1);

/** The pod to go first: of a StatefulSet the last, as in its own updates; else the oldest. */
export function firstToGo({ name, toRestart }: WorkloadState): PodRecord | undefined {
  const byAge = (left: PodRecord, right: PodRecord) =>
    left.created - right.created || (left.name < right.name ? -1 : 1);
  const order = name.startsWith("StatefulSet/")
    ? (left: PodRecord, right: PodRecord) => ordinalOf(right) - ordinalOf(left)
    : byAge;
  return toRestart.toSorted(order)[0];
}
