/** Says on pods and on their policy what dependencies do to them, when that changes. */
import type { EffectivePolicy } from "../../api/effective-policy.ts";
import type { EventReason } from "../../api/event-reasons.ts";
import type { NamespacedName } from "../../api/namespaced-name.ts";
import { keyOf } from "../kube/kube-object.ts";
import type { PodRecord } from "../pods/pod-record.ts";
import {
  type AskablePod,
  failuresSaid,
  type Outcome,
  type SidecarReports,
} from "../sidecars/sidecar-reports.ts";
import { type DeclaredDependencies, declaredDependencies } from "./declared-dependencies.ts";
import {
  createDependencyTransitions,
  type DependencyTransitions,
  type FleetLook,
} from "./dependency-transitions.ts";
import { type EventToRecord, policySubject } from "./event-object.ts";
import type { EventRecorder } from "./event-recorder.ts";
import {
  createPodTransitions,
  type Hold,
  type PodLook,
  type PodTransition,
  type PodTransitions,
} from "./pod-transitions.ts";
import { createTogether, type Together } from "./together.ts";
import { dependencyTransitionText, podTransitionText } from "./transition-texts.ts";

/** What telling needs. */
export interface TellTransitionsOptions {
  events: Pick<EventRecorder, "record">;
  /** Called where there is something to tell of the policy after so many milliseconds. */
  lookAgain: (policy: NamespacedName, milliseconds: number) => void;
}

/** How a policy's pods stand, and what came of asking them. */
export interface TransitionsLook {
  policy: EffectivePolicy;
  /** All pods of its namespace. */
  pods: readonly PodRecord[];
  toAsk: readonly AskablePod[];
  outcomeOf: (pod: AskablePod) => Outcome | undefined;
  reports: SidecarReports;
}

/** Tells. */
export interface TellTransitions {
  /** To be called whenever pods or answers have changed, with all that is known of them. */
  look(look: TransitionsLook): void;
  /** The policy is gone, or holds no pod back. */
  forget(policy: NamespacedName): void;
}

interface Told {
  uid: string;
  pods: PodTransitions<PodRecord>;
  dependencies: DependencyTransitions;
  together: Together;
}

/** As Kubernetes' own controllers have it: what takes something away is a warning. */
const EVENTS: Record<"unready" | "ready", { type: EventToRecord["type"]; reason: EventReason }> = {
  unready: { type: "Warning", reason: "DependencyUnavailable" },
  ready: { type: "Normal", reason: "DependencyRecovered" },
};

/** A sidecar says what it likes: nothing has kept a pod unready since before there was the pod. */
function sinceOf(since: string | undefined, { created }: PodRecord, now: number): number {
  const said = since === undefined ? now : Date.parse(since);
  return Math.max(said, created * 1_000);
}

function looksOf(
  { policy, pods, toAsk, outcomeOf }: TransitionsLook,
  now: number,
): PodLook<PodRecord>[] {
  const askable = new Map(toAsk.map((pod) => [pod.uid, pod]));
  const holdsOf = (pod: PodRecord): Hold[] => {
    const asked = askable.get(pod.uid);
    const said = asked ? failuresSaid(policy, outcomeOf(asked)) : [];
    return said.map((failure) => ({ ...failure, since: sinceOf(failure.since, pod, now) }));
  };
  return pods.flatMap((pod) => {
    if (pod.sidecar?.policy !== policy.name) return [];
    const { ready } = pod.sidecar;
    return [{ pod, ready, holds: ready ? [] : holdsOf(pod) }];
  });
}

function fleetOf(
  { policy, pods, toAsk, reports }: TransitionsLook,
  declared: DeclaredDependencies,
): FleetLook {
  const running = pods.filter(
    ({ sidecar }) => sidecar?.policy === policy.name && sidecar.port !== undefined,
  );
  const { asked, unknown, dependencies } = reports;
  return {
    running: running.length,
    ready: running.filter(({ sidecar }) => sidecar?.ready).length,
    toAsk: toAsk.length,
    asked,
    unknown,
    dependencies,
    declared,
  };
}

/** Has told nothing yet. */
export function createTellTransitions({
  events,
  lookAgain,
}: TellTransitionsOptions): TellTransitions {
  const policies = new Map<string, Told>();

  function toldOf(policy: EffectivePolicy): Told {
    const known = policies.get(keyOf(policy));
    if (known?.uid === policy.uid) return known;
    const told = {
      uid: policy.uid,
      pods: createPodTransitions<PodRecord>(),
      dependencies: createDependencyTransitions(),
      together: createTogether(),
    };
    policies.set(keyOf(policy), told);
    return told;
  }

  function tellOfPod(transition: PodTransition<PodRecord>): void {
    const { namespace, name, uid } = transition.pod;
    events.record({
      regarding: { apiVersion: "v1", kind: "Pod", namespace, name, uid },
      ...EVENTS[transition.to],
      message: podTransitionText(transition, Date.now()),
    });
  }

  function tellOfPolicy(policy: EffectivePolicy, to: "unready" | "ready", message: string): void {
    events.record({ regarding: policySubject(policy), ...EVENTS[to], message });
  }

  function tellOfPods(
    look: TransitionsLook,
    declared: DeclaredDependencies,
    { pods, together }: Told,
  ): void {
    for (const transition of pods.look(looksOf(look, Date.now()), declared)) {
      if (together.takeOwn(transition, performance.now())) tellOfPod(transition);
    }
  }

  function tellOfDependencies(
    look: TransitionsLook,
    declared: DeclaredDependencies,
    { dependencies, together }: Told,
  ): void {
    const fleet = fleetOf(look, declared);
    for (const transition of dependencies.look(fleet)) {
      const to = transition.to === "down" ? "unready" : "ready";
      tellOfPolicy(look.policy, to, dependencyTransitionText(transition, fleet, Date.now()));
      together.saidOfAll(to, transition.name);
    }
  }

  function tellTogether({ policy }: TransitionsLook, { together }: Told): void {
    for (const { to, text } of together.due(performance.now())) tellOfPolicy(policy, to, text);
    const wait = together.wait(performance.now());
    if (wait !== undefined) lookAgain(policy, wait);
  }

  return {
    look: (look) => {
      const told = toldOf(look.policy);
      const declared = declaredDependencies(look.policy);
      tellOfPods(look, declared, told);
      tellOfDependencies(look, declared, told);
      tellTogether(look, told);
    },
    forget: (policy) => policies.delete(keyOf(policy)),
  };
}
