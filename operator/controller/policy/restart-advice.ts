/** What a reader is told to do about pods that are not as their policy asks. Pure. */

/** Workloads named in one message; the rest are counted. */
const NAMED_WORKLOADS = 5;

/** The pods. */
export interface ToRestart {
  namespace: string;
  /** What makes them, as `kubectl rollout restart` takes it. */
  workloads: readonly string[];
  /** Something makes a new pod in place of each of them, also where kubectl restarts nothing of its kind. */
  areMade: boolean;
  /**
   * Until new pods get the sidecar a restart would mend nothing, and take away the one that a pod has. Never: they are
   * not to get it.
   */
  newPods: NewPods;
}

/** Whether new pods get the sidecar: now, once the policy is programmed, or not at all. */
export type NewPods = "injected" | "injectedLater" | "never";

/** A command for the reader's terminal, or advice where kubectl has no command. */
export function restartAdvice({ namespace, workloads, areMade, newPods }: ToRestart): string {
  if (newPods === "never") {
    return "Do not restart them: new pods of the namespace get no sidecar, and it would be gone.";
  }
  const when = newPods === "injectedLater" ? " once Programmed is True" : "";
  if (workloads.length === 0 && areMade) {
    return `Restart them${when} by what makes them, or delete them one at a time.`;
  }
  if (workloads.length === 0) return `Delete and create them again${when}.`;
  const named = workloads.slice(0, NAMED_WORKLOADS).join(" ");
  const more = workloads.length - NAMED_WORKLOADS;
  const rest = more > 0 ? ` (and ${more} more workloads)` : "";
  return `Restart them${when}: kubectl rollout restart ${named} -n ${namespace}${rest}`;
}
