/** What a policy's status says of its rollout. Pure. */
import type { RolloutStatus } from "../../api/v1alpha1-rollout-status.ts";
import { stoppedMessage } from "./left-alone.ts";
import type { RolloutPlan } from "./next-eviction.ts";

/** What it says while `plan` is followed; `message`: what keeps an eviction that was planned from being asked for. */
export function statusOfPlan(plan: RolloutPlan, message?: string): RolloutStatus | undefined {
  const stopped = plan.stopped.length > 0 ? { stopped: plan.stopped } : {};
  if (plan.do === "nothing") {
    return plan.stopped.length > 0
      ? { message: stoppedMessage(plan.stopped), ...stopped }
      : undefined;
  }
  if (message !== undefined) return { message, ...stopped };
  if (plan.do === "wait") {
    const { message: text, evicting } = plan;
    return { message: text, ...(evicting && { evicting }), ...stopped };
  }
  const { workload, pod } = plan.evicting;
  return { message: `Evicts pod ${pod} of ${workload}.`, evicting: plan.evicting, ...stopped };
}
