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
  /** New pods get no sidecar as it is: a restart would mend nothing, and take away the sidecar that a pod has. */
  isTooEarly: boolean;
}

/** A command for the reader's terminal, or advice where kubectl has no command. */
export function restartAdvice({ namespace, workloads, areMade, isTooEarly }: ToRestart): string {
  const when = isTooEarly ? " once Programmed is True" : "";
  if (workloads.length === 0 && areMade) {
    return `Restart them${when} by what makes them, or delete them one at a time.`;
  }
  if (workloads.length === 0) return `Delete and create them again${when}.`;
  const named = workloads.slice(0, NAMED_WORKLOADS).join(" ");
  const more = workloads.length - NAMED_WORKLOADS;
  const rest = more > 0 ? ` (and ${more} more workloads)` : "";
  return `Restart them${when}: kubectl rollout restart ${named} -n ${namespace}${rest}`;
}
