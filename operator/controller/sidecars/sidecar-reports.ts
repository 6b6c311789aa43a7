/** Which sidecars of a policy are asked, and what their answers say together. Pure. */
import type { EffectivePolicy } from "../../api/effective-policy.ts";
import { MAX_EXAMPLES } from "../../api/limits.ts";
import { REASONS, type Reason } from "../../api/reasons.ts";
import type { PodRecord, Sidecar } from "../pods/pod-record.ts";
import { stableSample } from "../pods/stable-sample.ts";
import type { SidecarAnswer } from "./sidecar-answer.ts";

/** Of more pods a sample is asked: 200 are enough to see what a fault does, and small enough to be asked often. */
export const MOST_ASKED = 200;

/** A pod that can be asked. */
export type AskablePod = PodRecord & {
  ip: string;
  sidecar: Sidecar & { port: number };
};

/** What came of asking a pod; the answer is undefined where there was none, or none that a sidecar gives. */
export interface Outcome {
  answer: SidecarAnswer | undefined;
}

/** A dependency that makes pods unready, or would in a dry run, or if most did not have it down. */
export interface FailingDependency {
  name: string;
  failingPods: number;
  /** Pods that it leaves ready, because most have it down; absent where there is none. */
  sharedPods?: number;
  /** That of most of them. */
  reason: Reason;
  /** The earliest; RFC 3339. Undefined where no sidecar says. */
  since: string | undefined;
  /** Names of pods, sorted; at most MAX_EXAMPLES. */
  examples: string[];
}

/** Of pods that are ready under an enforced policy so many are asked: enough to see a fault that most of them share. */
export const MOST_READY_ASKED = 16;

/** What all answers say. */
export interface SidecarReports {
  asked: number;
  /** Of the asked, those that gave no answer or none that fits the policy. */
  unknown: number;
  /** Of the asked; undefined unless the policy is a dry run. */
  wouldBeUnready: number | undefined;
  /** In the policy's order; those that fail nowhere are left out. */
  dependencies: FailingDependency[];
  /**
   * Whether a fault that no pod calls shared is not: every ready pod that is to be asked has been, and one of them has
   * answered. The first answer can be that of a pod which the fault leaves alone, and silence says nothing.
   */
  sharedKnown: boolean;
}

/** Whether the sidecar runs, and where it can be asked is known. */
export function isAskable(pod: PodRecord): pod is AskablePod {
  return pod.ip !== undefined && pod.sidecar?.port !== undefined;
}

/** `most` of the pods at most. */
export function sample(pods: AskablePod[], most: number = MOST_ASKED): AskablePod[] {
  return pods.length <= most ? pods : stableSample(pods, most);
}

/**
 * Those of the namespace's `pods` whose sidecars have something to say that nothing else tells: in a dry run all
 * that are ready, under an enforced policy those that are not; and where pods stay ready in a fault that most share,
 * some of those that are ready. None on a node that has gone silent: each would be waited for in vain, and where there
 * are hundreds, those of all other policies would wait for a minute behind them.
 */
export function podsToAsk(policy: EffectivePolicy, pods: readonly PodRecord[]): AskablePod[] {
  const bound = pods
    .filter(({ sidecar }) => sidecar?.policy === policy.name && !sidecar.lost)
    .filter(isAskable);
  const ready = bound.filter(({ sidecar }) => sidecar.ready);
  const unready = bound.filter(({ sidecar }) => !sidecar.ready);
  if (policy.mode === "DryRun") return sample(ready);
  const some = policy.maxUnready ? sample(ready, MOST_READY_ASKED) : [];
  return [...sample(unready), ...some];
}

/** Whether a sidecar can have said this under the policy: it follows it, in its mode, and knows no other dependency. */
export function fits(
  { policy, wouldBeReady, dependencies }: SidecarAnswer,
  of: EffectivePolicy,
): boolean {
  const names = new Set(dependencies.map(({ name }) => name));
  return (
    policy === of.name &&
    (wouldBeReady !== undefined) === (of.mode === "DryRun") &&
    names.size === dependencies.length &&
    of.dependencies.filter(({ name }) => names.has(name)).length === names.size
  );
}

/** Why the dependency keeps the pod unready, or would. */
interface Failure {
  /** It does not, because more pods than may be unready have it down. */
  shared: boolean;
  reason: Reason;
  since: string | undefined;
}

/** A dependency that keeps a pod unready, as its sidecar says; RFC 3339. */
export interface SaidFailure extends Omit<Failure, "shared"> {
  name: string;
}

function commonest(failures: readonly Failure[]): Reason {
  const count = (reason: Reason) => failures.filter((failure) => failure.reason === reason).length;
  // Sorting keeps the order of equals: of two that are as frequent the first of the list, not now this and now that.
  return REASONS.toSorted((left, right) => count(right) - count(left))[0] as Reason;
}

function failureOf(
  name: string,
  { wouldBeReady, dependencies }: SidecarAnswer,
): Failure | undefined {
  const found = dependencies.find((dependency) => dependency.name === name);
  const holds = wouldBeReady === undefined ? found?.gating : found?.wouldGate;
  // Without a reason it has not been checked yet.
  const shared = found?.shared === true;
  if (!(holds || shared) || !found?.reason) return undefined;
  return { shared, reason: found.reason, since: found.since };
}

/** What keeps the pod unready, or would, as it says, in the policy's order; nothing where it says nothing that fits. */
export function failuresSaid(policy: EffectivePolicy, outcome: Outcome | undefined): SaidFailure[] {
  const answer = outcome?.answer;
  if (!answer || !fits(answer, policy)) return [];
  return policy.dependencies.flatMap(({ name }) => {
    const failure = failureOf(name, answer);
    if (!failure || failure.shared) return [];
    const { reason, since } = failure;
    return [{ name, reason, since }];
  });
}

/** Adds up what was said; `outcomeOf` gives what came of asking a pod, undefined where that has not happened yet. */
export function sidecarReports(
  policy: EffectivePolicy,
  pods: readonly AskablePod[],
  outcomeOf: (pod: AskablePod) => Outcome | undefined,
): SidecarReports {
  const asked = pods.flatMap((pod) => {
    const outcome = outcomeOf(pod);
    return outcome ? [{ pod: pod.name, answer: outcome.answer }] : [];
  });
  const known = asked.flatMap(({ pod, answer }) =>
    answer && fits(answer, policy) ? [{ pod, answer }] : [],
  );
  const dependencies = policy.dependencies.flatMap(({ name }) => {
    const failures = known.flatMap(({ pod, answer }) => {
      const failure = failureOf(name, answer);
      return failure ? [{ ...failure, pod }] : [];
    });
    if (failures.length === 0) return [];
    const sharedPods = failures.filter(({ shared }) => shared).length;
    return {
      name,
      failingPods: failures.length - sharedPods,
      ...(sharedPods > 0 && { sharedPods }),
      reason: commonest(failures),
      since: failures.flatMap(({ since }) => since ?? []).sort()[0],
      examples: failures
        .map(({ pod }) => pod)
        .sort()
        .slice(0, MAX_EXAMPLES),
    };
  });
  const ready = pods.filter(({ sidecar }) => sidecar.ready);
  const names = new Set(known.map(({ pod }) => pod));
  return {
    sharedKnown:
      ready.length === 0 || (ready.every(outcomeOf) && ready.some(({ name }) => names.has(name))),
    asked: asked.length,
    unknown: asked.length - known.length,
    wouldBeUnready:
      policy.mode === "DryRun"
        ? known.filter(({ answer }) => answer.wouldBeReady === false).length
        : undefined,
    dependencies,
  };
}
