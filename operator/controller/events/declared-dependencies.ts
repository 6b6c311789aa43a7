/** What a policy says of its dependencies, as far as it decides what a pod's readiness tells of them. Pure. */
import { isDeepStrictEqual } from "node:util";
import type { EffectivePolicy } from "../../api/effective-policy.ts";
import type { DependencyConfig, Impact } from "../../api/policy-file.ts";
import { shortened } from "../../api/timing.ts";

type Deciding = Pick<EffectivePolicy, "dependencies" | "timing" | "maxUnready">;

/** A dependency, and what its policy says of all of them. */
export interface DeclaredDependency extends Omit<Deciding, "dependencies"> {
  config: DependencyConfig;
}

/** Dependencies of a policy by name. */
export type DeclaredDependencies = ReadonlyMap<string, DeclaredDependency>;

/** Those of the policy. */
export function declaredDependencies({
  dependencies,
  timing,
  maxUnready,
}: Deciding): DeclaredDependencies {
  const rest = { timing, ...(maxUnready && { maxUnready }) };
  return new Map(dependencies.map((config) => [config.name, { config, ...rest }]));
}

/**
 * Whether the policy lets the dependency keep pods unready. Sidecars follow an edit a minute later: until then they say
 * of it what it does no longer.
 */
export function mayMakeUnready(
  dependency: DeclaredDependency | undefined,
): dependency is DeclaredDependency {
  return dependency !== undefined && dependency.config.impact !== "Observe";
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
 * does: sidecars begin anew with that dependency, and who mistyped the new host would read that the fault is over. So
 * does a fleet limit that is new or another, since pods may share the fault, and more time, in which a check may find a
 * reason that lets pods stay.
 */
export function mayHaveLetGo(
  before: DeclaredDependency,
  now: DeclaredDependency | undefined,
): boolean {
  if (!now || STRENGTHS[now.config.impact] < STRENGTHS[before.config.impact]) return true;
  const otherLimit = now.maxUnready && !isDeepStrictEqual(now.maxUnready, before.maxUnready);
  if (otherLimit || shortened(now.timing, before.timing)) return true;
  return !isSame(before.config, now.config);
}
