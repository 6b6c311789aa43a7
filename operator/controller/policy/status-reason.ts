/** What `kubectl get` says in one or two words. Pure. */
import type { Condition } from "../../api/v1alpha1-conditions.ts";
import type { HealthPolicyStatus } from "../../api/v1alpha1-status.ts";

type Dependency = NonNullable<HealthPolicyStatus["dependencies"]>[number];

/** That of most pods; of two that are as bad the policy's first, so that it does not change to and fro. */
function worst(dependencies: readonly Dependency[]): Dependency | undefined {
  const most = Math.max(...dependencies.map(({ failingPods = 0 }) => failingPods));
  return dependencies.find(({ failingPods = 0 }) => failingPods === most);
}

/**
 * The reason of the condition Ready. While a dependency makes pods unready, that one with its reason instead; or both,
 * where the policy itself is not ready or the fault is shared. A dry run makes no pod unready: its own reason
 * stays.
 */
export function statusReason(
  conditions: readonly Condition[],
  dependencies: readonly Dependency[] = [],
): string {
  const ready = conditions.find(({ type }) => type === "Ready");
  const gates = worst(dependencies);
  const own = ready?.reason ?? "";
  if (!gates?.reason || own === "DryRun") return own;
  const gating = `${gates.name}: ${gates.reason}`;
  const alone = ready?.status === "True" && own !== "SharedFault";
  return alone ? gating : `${own}, ${gating}`;
}
