/** Pure: what an edit of the policy leaves of the marks. */
import type { PolicyFile } from "../api/policy-file.ts";
import { shortened } from "../api/timing.ts";
import type { Marks } from "./marks.ts";
import { type DependencyState, staysSettled, staysSettledWhenEnforced } from "./verdict.ts";

/** A dependency of the policy after the edit: as text, and what is known of it. */
export interface EditedDependency {
  name: string;
  content: string;
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
  dependencies: Iterable<EditedDependency>,
): Pick<Marks, "policySeen" | "settled" | "timeouts" | "mode"> {
  const timing = next?.timing;
  const less = timing !== undefined && shortened(before.timeouts, timing);
  const dryRunEnds = before.mode === "DryRun" && next?.mode === "Enforce";
  const stays = ({ name, content, state }: EditedDependency) =>
    before.settled[name]?.content === content &&
    (!less || staysSettled(state)) &&
    (!dryRunEnds || staysSettledWhenEnforced(state));
  const kept = new Set(
    Array.from(dependencies)
      .filter(stays)
      .map(({ name }) => name),
  );
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
