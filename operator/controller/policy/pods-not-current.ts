/** Which pods of a policy are not as it asks, and what makes them. Pure. */
import { INJECT_LABEL } from "../../api/names.ts";
import type { PodCounts } from "./pod-counts.ts";
import type { ToRestart } from "./restart-advice.ts";

/** What is said of them, and what to restart. */
export interface PodsNotCurrent extends Pick<ToRestart, "workloads" | "areMade"> {
  reason: "PodsPredatePolicy" | "PodsOutdated";
  /** A sentence for each kind of them. */
  what: string;
}

/** The label is read as a pod is created: one that gets it while it runs keeps its sidecar. */
const KEPT = `have the sidecar although their label ${INJECT_LABEL}: "false" opts them out; a restart takes it out only where the pod template has the label.`;

/** In one message: a restart that mends one kind may bring up the other. */
export function podsNotCurrent(counts: PodCounts): PodsNotCurrent | undefined {
  const { matched, left, leftOptedOut, outdated } = counts;
  const missing = matched - counts.injected;
  const older = outdated - leftOptedOut;
  const all = matched + left;
  const kinds = [
    missing > 0 && `${missing} of ${matched} matching pods run without the sidecar.`,
    older > 0 && `${older} of ${all} pods run what an earlier policy asked for.`,
    leftOptedOut > 0 && `${leftOptedOut} of ${all} pods ${KEPT}`,
  ].filter((kind) => kind !== false);
  if (kinds.length === 0) return undefined;
  return {
    reason: missing > 0 ? "PodsPredatePolicy" : "PodsOutdated",
    what: kinds.join(" "),
    workloads: [...new Set([...counts.predating, ...counts.outdatedWorkloads])].sort(),
    areMade:
      (missing === 0 || counts.predatingAreMade) && (outdated === 0 || counts.outdatedAreMade),
  };
}
