/** One line in the log for what a user has to mend, when it appears and when it changes. */
import type { DependencyConfig } from "../api/policy-file.ts";
import { forgetOldest } from "../bounds/forget-oldest.ts";
import type { Log } from "./log.ts";
import type { CheckResult } from "./verdict.ts";

/** Bound of the memory of what was said; more names than a policy can hold. */
const MAX_REMEMBERED = 64;

/**
 * A function to be given each result. The reason alone, which status and probe show, does not tell a password with a
 * line break from a URL with two hosts. A problem is said again only after another result.
 */
export function logProblems(log: Log): (dependency: DependencyConfig, result: CheckResult) => void {
  const said = new Map<string, string>();
  return ({ name, type }, result) => {
    const problem = result.ok ? undefined : result.problem;
    if (said.get(name) === problem) return;
    said.delete(name);
    if (problem === undefined) return;
    forgetOldest(said, MAX_REMEMBERED);
    said.set(name, problem);
    log("warn", `dependency ${name}: ${problem}`, { dependency: name, type });
  };
}
