/** What a policy says of its dependencies, as far as it decides what a pod's readiness tells of them. Pure. */
import { isDeepStrictEqual } from "node:util";
import type { EffectivePolicy } from "../../api/effective-policy.ts";
import type { DependencyConfig, Impact } from "../../api/policy-file.ts";

/** Dependencies of a policy by name. */
export type DeclaredDependencies = ReadonlyMap<string, DependencyConfig>;

/** Those of the policy. */
export function declaredDependencies({
  dependencies,
}: Pick<EffectivePolicy, "dependencies">): DeclaredDependencies {
  return new Map(dependencies.map((dependency) => [dependency.name, dependency]));
}

/**
 * Whether the policy lets the dependency keep pods unready. Sidecars follow an edit a minute later: until then they say
 * of it what it does no longer.
 */
export function mayMakeUnready(
  dependency: DependencyConfig | undefined,
): dependency is DependencyConfig {
  return dependency !== undefined && dependency.impact !== "Observe";
}

/** How much of a pod's readiness each takes: nothing, its start, or all of its life. */
const STRENGTHS: Readonly<Record<Impact, number>> = { Observe: 0, Startup: 1, Gate: 2 };

/** Apart from the impact. */
function isSame(before: DependencyConfig, { impact, ...now }: DependencyConfig): boolean {
  return isDeepStrictEqual(before, { ...now, impact: before.impact });
}

/**
 * Whether an edit since `before` may have let pods go whose dependency is down as ever. One that only asks for more
 * lets none go: a pod that is ready after it has proven the dependency. One that changes anything else, as the host,
 * does: sidecars begin anew with that dependency, and who mistyped the new host would read that the fault is over.
 */
export function mayHaveLetGo(before: DependencyConfig, now: DependencyConfig | undefined): boolean {
  if (!now || STRENGTHS[now.impact] < STRENGTHS[before.impact]) return true;
  return !isSame(before, now);
}
