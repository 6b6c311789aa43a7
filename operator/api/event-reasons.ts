/**
 * The closed list of reasons that an Event of ours can have, each with what it means and on which object it is found:
 * the same in code, tests and documentation. Reasons of conditions are in condition-reasons.ts, those of dependencies
 * in reasons.ts.
 */
export const EVENT_REASONS = {
  DependencyUnavailable:
    "On a Pod: the sidecar makes it unready; the message names the dependencies, why and for how long. On a HealthPolicy: a dependency is down for all of its pods, or so many pods became unready that they are told of together.",
  DependencyRecovered:
    "On a Pod: it is ready again; the message names the dependencies and after what time. On a HealthPolicy: a dependency that was down for all of its pods keeps none of them unready any more. It is up again, or down with what takes out no pod that has been ready: a reason such as `AuthenticationFailed`, a fault that most pods share, or an edit of its Secret; `healthpolicy_dependency_up` tells which. Neither is said where an edit of the policy may have let the pods go.",
  SharedFault:
    "On a HealthPolicy: a dependency is down for more pods than `fleet.maxUnready` lets go, and they stay ready; the message names it and why.",
  SharedFaultOver:
    "On a HealthPolicy: its pods stay ready in such a fault no longer: the dependency is up again, or down for fewer pods, which it makes unready; the message names it.",
  Injected:
    "On a ReplicaSet, StatefulSet, DaemonSet or what else makes the pods, or on a Pod that nothing makes: its pods get the sidecar. Once for each revision of the policy.",
  InjectionSkipped:
    "On the same objects: a HealthPolicy matches their pods, and they get no sidecar; the message says why. Once for each cause.",
  InjectionStopped:
    "On a HealthPolicy: its pods wait for the sidecar, whose image nodes cannot pull or start; new pods start without the sidecar.",
  InjectionResumed:
    "On a HealthPolicy: new pods get the sidecar again, after its image could not be pulled or started.",
  PodEvicted:
    "On a HealthPolicy with rollout: Restart: a pod of a workload was evicted, because it has no sidecar or the policy was edited.",
  NudgeFailed:
    "On a HealthPolicy, with the chart's `nudge.enabled`: pods could not be told of a change at once, and follow within about a minute; the message says why. Once an hour for each cause.",
  RolloutStopped:
    "On a HealthPolicy with rollout: Restart: a workload is left alone, because an eviction brought no pod that is as the policy asks.",
} as const satisfies Record<string, string>;

/** One of EVENT_REASONS. */
export type EventReason = keyof typeof EVENT_REASONS;
