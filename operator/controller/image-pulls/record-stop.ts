/** Says in Events that injection stops or goes on, on the policies whose pods wait for the sidecar. */
import { type EventSubject, policySubject } from "../events/event-object.ts";
import type { EventRecorder } from "../events/event-recorder.ts";

/** Policies that are told of it; every policy has it in its status. */
const MOST_POLICIES = 10;

/** A policy, as far as an Event names it. */
type Named = { namespace: string } & Pick<EventSubject, "name" | "uid">;

/** Records one Event for each policy of the namespaces in which pods wait, or did. */
export function recordStop(
  { isStopped, waitingIn }: { isStopped: boolean; waitingIn: readonly string[] },
  { policies, events }: { policies: Iterable<Named>; events: Pick<EventRecorder, "record"> },
): void {
  const meant = [...policies].filter(({ namespace }) => waitingIn.includes(namespace));
  for (const policy of meant.slice(0, MOST_POLICIES)) {
    events.record({
      regarding: policySubject(policy),
      type: isStopped ? "Warning" : "Normal",
      reason: isStopped ? "InjectionStopped" : "InjectionResumed",
      message: isStopped
        ? "Nodes cannot pull or start the sidecar's image: new pods start without the sidecar."
        : "New pods get the sidecar again.",
    });
  }
}
