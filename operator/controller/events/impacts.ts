/** What a policy says of its dependencies, as far as it decides what a pod's readiness tells of them. Pure. */
import type { EffectivePolicy } from "../../api/effective-policy.ts";
import type { Impact } from "../../api/policy-file.ts";

/** Impacts by the dependency's name. */
export type Impacts = ReadonlyMap<string, Impact>;

/** Those of the policy. */
export function impactsOf({ dependencies }: Pick<EffectivePolicy, "dependencies">): Impacts {
  return new Map(dependencies.map(({ name, impact }) => [name, impact]));
}

/**
 * Whether the policy lets the dependency keep pods unready. Sidecars follow an edit a minute later: until then they say
 * of it what it does no longer.
 */
export function mayMakeUnready(impact: Impact | undefined): impact is "Gate" | "Startup" {
  return impact !== undefined && impact !== "Observe";
}

/** How much of a pod's readiness each takes: nothing, its start, or all of its life. */
const STRENGTHS: Readonly<Record<Impact, number>> = { Observe: 0, Startup: 1, Gate: 2 };

/**
 * Whether an edit since `before` may have let pods go whose dependency is down as ever. One that asks for more lets
 * none go: a pod that is ready after it has proven the dependency.
 */
export function isWeakened(before: Impact, now: Impact | undefined): boolean {
  return now === undefined || STRENGTHS[now] < STRENGTHS[before];
}
