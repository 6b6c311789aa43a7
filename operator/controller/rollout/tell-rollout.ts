/** Says on a policy which pods were evicted for it, and where it has given up. */
import { type EventToRecord, policySubject } from "../events/event-object.ts";
import type { EventRecorder } from "../events/event-recorder.ts";
import type { PolicyRecord } from "../policy/policy-cache.ts";
import { stoppedMessage } from "./left-alone.ts";
import type { Eviction } from "./next-eviction.ts";

/** A policy, as far as Events name it. */
type Named = Pick<PolicyRecord, "namespace" | "name" | "uid">;

/** What can be said. */
export interface TellRollout {
  evicted(policy: Named, eviction: Eviction): void;
  /** Nothing, unless one of `stopped` was not `before`. */
  stopped(policy: Named, stopped: readonly string[], before: readonly string[]): void;
}

/** Says it by `events`. */
export function createTellRollout(events: Pick<EventRecorder, "record">): TellRollout {
  function tell(policy: Named, event: Pick<EventToRecord, "type" | "reason" | "message">): void {
    events.record({ regarding: policySubject(policy), ...event });
  }

  return {
    evicted: (policy, { evicting, reason }) => {
      const why = reason === "missing" ? "it has no sidecar" : "the policy was edited";
      const message = `Pod ${evicting.pod} of ${evicting.workload}: ${why}.`;
      tell(policy, { type: "Normal", reason: "PodEvicted", message });
    },
    stopped: (policy, stopped, before) => {
      if (stopped.every((workload) => before.includes(workload))) return;
      tell(policy, { type: "Warning", reason: "RolloutStopped", message: stoppedMessage(stopped) });
    },
  };
}
