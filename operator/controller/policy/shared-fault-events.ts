/** What is said on a policy when its pods begin to stay ready in a fault that they share, and when they end. Pure. */
import { CONDITION_SENTENCES as SAID } from "../../api/condition-texts.ts";
import type { HealthPolicyStatus } from "../../api/v1alpha1-status.ts";
import { type EventToRecord, policySubject } from "../events/event-object.ts";
import type { ObjectName } from "../kube/kube-object.ts";
import { sharedFaults } from "./read-status.ts";

type Said = Pick<EventToRecord, "type" | "reason" | "message">;

type Faults = ReturnType<typeof sharedFaults>;

function begun(faults: Faults): Said {
  const which = faults.map(({ name, reason }) => `${name}: ${reason}`).join(", ");
  return { type: "Warning", reason: "SharedFault", message: `${SAID.sharedFault}: ${which}` };
}

function over(faults: Faults): Said {
  const which = faults.map(({ name }) => name).join(", ");
  const message = `${which}: no pod stays ready any more because others share this fault`;
  return { type: "Normal", reason: "SharedFaultOver", message };
}

function without(faults: Faults, others: Faults): Faults {
  return faults.filter(({ name }) => !others.some((other) => other.name === name));
}

/** Of each dependency for itself: of two faults that overlap the second would else never be told. */
function said(before: Faults, now: Faults): Said[] {
  const gone = without(before, now);
  const come = without(now, before);
  return [...(gone.length > 0 ? [over(gone)] : []), ...(come.length > 0 ? [begun(come)] : [])];
}

/** The Events that the step from one status of the policy to the next is worth. */
export function sharedFaultEvents(
  policy: ObjectName & { uid: string },
  previous: HealthPolicyStatus | undefined,
  next: HealthPolicyStatus,
): EventToRecord[] {
  const regarding = policySubject(policy);
  return said(sharedFaults(previous), sharedFaults(next)).map((one) => ({ regarding, ...one }));
}
