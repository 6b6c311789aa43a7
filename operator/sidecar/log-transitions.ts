/** One line in the log whenever the pod becomes ready or unready, or in a dry run would have become so. */
import type { Log } from "./log.ts";
import type { Verdict } from "./verdict.ts";

/** The messages of the two transitions. */
interface Messages {
  ready: string;
  unready: string;
}

function readyTransitions(log: Log, messages: Messages): (verdict: Verdict | undefined) => void {
  let before: boolean | undefined;
  return (verdict) => {
    const same = verdict?.ready === before;
    before = verdict?.ready;
    if (!verdict || same) return;
    log(verdict.ready ? "info" : "warn", verdict.ready ? messages.ready : messages.unready, {
      reason: verdict.reason,
      dependencies: verdict.gating.join(",") || undefined,
    });
  };
}

/** Of the dependencies whose fault is shared: that begins, changes and ends in a pod that stays ready. */
function sharedTransitions(log: Log): (verdict: Verdict) => void {
  let before: string | undefined;
  return ({ ready, shared }) => {
    const dependencies = shared?.join(",");
    if (dependencies === before) return;
    before = dependencies;
    // That the pod is ready, or not because of something else, has a line of its own.
    const fields = { reason: "SharedFault" as const, dependencies, ready };
    if (dependencies) log("warn", "shared fault", fields);
    else log("info", "shared fault over", { ready });
  };
}

/**
 * A function to be given the verdict, and in a dry run the one of an enforced policy, as often as anybody likes: the
 * first of each is a transition, and then each that differs from the one before.
 */
export function logTransitions(
  log: Log,
): (verdict: Verdict, enforced: Verdict | undefined) => void {
  const real = readyTransitions(log, { ready: "pod ready", unready: "pod not ready" });
  const dryRun = readyTransitions(log, {
    ready: "dry run: pod would be ready",
    unready: "dry run: pod would not be ready",
  });
  const shared = sharedTransitions(log);
  return (verdict, enforced) => {
    shared(verdict);
    real(verdict);
    dryRun(enforced);
  };
}
