/** Pure: what an edit of the policy leaves of the marks. */
import type { PolicyFile } from "../api/policy-file.ts";
import { shortened } from "../api/timing.ts";
import type { Marks } from "./marks.ts";
import { type Standing, settledMarkOf } from "./settled-mark-of.ts";
import { type DependencyState, staysSettled, staysSettledWhenEnforced } from "./verdict.ts";

/** A dependency of the policy after the edit, and what is known of it. */
interface EditedDependency extends Omit<Standing, "target"> {
  state: DependencyState;
}

/**
 * The marks that `next` sets: forgotten are the settled marks of dependencies that are gone, changed or now get less
 * time, and at the end of a dry run of those that are not up. `before` has the times and the mode of the policy last
 * in force, so that an edit made while no sidecar ran is noticed. `dependencies` are those of `next`; none after the
 * policy was deleted.
 */
export function marksAfterEdit(
  before: Marks,
  next: PolicyFile | undefined,
  dependencies: readonly EditedDependency[],
): Pick<Marks, "policySeen" | "settled" | "timeouts" | "mode"> {
  const timing = next?.timing;
  const less = timing !== undefined && shortened(before.timeouts, timing);
  const dryRunEnds = before.mode === "DryRun" && next?.mode === "Enforce";
  const stays = (edited: EditedDependency) =>
    settledMarkOf(before, edited) !== undefined &&
    (!less || staysSettled(edited.state)) &&
    (!dryRunEnds || staysSettledWhenEnforced(edited.state));
  const kept = new Set(dependencies.filter(stays).map(({ dependency }) => dependency.name));
  return {
    policySeen: true,
    settled: Object.fromEntries(Object.entries(before.settled).filter(([name]) => kept.has(name))),
    timeouts: timing && {
      connectTimeoutMilliseconds: timing.connectTimeoutMilliseconds,
      checkTimeoutMilliseconds: timing.checkTimeoutMilliseconds,
    },
    mode: next?.mode,
  };
}
