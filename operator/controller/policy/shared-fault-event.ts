/** What is said on a policy when its pods begin to stay ready in a fault that they share. Pure. */
import { API_VERSION } from "../../api/names.ts";
import type { HealthPolicyStatus } from "../../api/v1alpha1-status.ts";
import type { EventToRecord } from "../events/event-object.ts";
import type { ObjectName } from "../kube/kube-object.ts";
import { isSharedFault } from "./read-status.ts";

/** The Event that the step from one status of the policy to the next is worth, if any. */
export function sharedFaultEvent(
  { namespace, name, uid }: ObjectName & { uid: string },
  previous: HealthPolicyStatus | undefined,
  next: HealthPolicyStatus,
): EventToRecord | undefined {
  if (isSharedFault(previous) || !isSharedFault(next)) return undefined;
  const shared = (next.dependencies ?? []).filter(({ sharedPods = 0 }) => sharedPods > 0);
  const faults = shared.map(({ name: dependency, reason }) => `${dependency}: ${reason}`);
  return {
    regarding: { apiVersion: API_VERSION, kind: "HealthPolicy", namespace, name, uid },
    type: "Warning",
    reason: "SharedFault",
    message: `More pods than fleet.maxUnready lets go have the same fault, and stay ready: ${faults.join(", ")}`,
  };
}
