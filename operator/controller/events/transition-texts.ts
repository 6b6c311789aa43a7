/** What Events say of dependencies. Pure. */
import type { FailingDependency } from "../sidecars/sidecar-reports.ts";
import type { DependencyTransition, FleetLook } from "./dependency-transitions.ts";
import type { Hold, PodTransition } from "./pod-transitions.ts";

const UNITS = [
  ["d", 86_400],
  ["h", 3_600],
  ["m", 60],
  ["s", 1],
] as const;

/** A time as people say it, in its two largest units: `12s`, `2m10s`, `3h5m`. */
export function spanText(milliseconds: number): string {
  let rest = Math.max(0, Math.round(milliseconds / 1_000));
  const parts: string[] = [];
  for (const [unit, seconds] of UNITS) {
    const count = Math.floor(rest / seconds);
    rest -= count * seconds;
    // From the first that counts on, this one and the next.
    if (count > 0 || parts.length > 0 || unit === "s") parts.push(`${count}${unit}`);
    if (parts.length === 2) break;
  }
  return parts.filter((part, index) => index === 0 || !part.startsWith("0")).join("");
}

/** `orders-db: ConnectionRefused for 12s`, or `orders-db after 2m10s`; `now` in milliseconds since 1970. */
export function podTransitionText({ to, holds }: PodTransition<unknown>, now: number): string {
  const text = ({ name, reason, since }: Hold) =>
    to === "unready"
      ? `${name}: ${reason} for ${spanText(now - since)}`
      : `${name} after ${spanText(now - since)}`;
  return holds.map(text).join(", ");
}

/** The same for many pods, whose times differ. */
export function manyPodsText({ to, holds }: PodTransition<unknown>): string {
  const text = ({ name, reason }: Hold) => (to === "unready" ? `${name}: ${reason}` : name);
  return holds.map(text).join(", ");
}

function span({ since }: FailingDependency, now: number): string | undefined {
  return since === undefined ? undefined : spanText(now - Date.parse(since));
}

function podsText({ running, asked, unknown }: FleetLook): string {
  const pods = running === 1 ? "the only pod that follows the policy" : `all ${running} pods`;
  return asked - unknown < running ? `${pods}, ${asked - unknown} of which were heard` : pods;
}

/**
 * What is said of a dependency that turned down or up for all pods. Ready pods are not asked: all that is known then is
 * that it keeps none of them unready, which it also does with a reason that takes out no pod that has been ready.
 */
export function dependencyTransitionText(
  transition: DependencyTransition,
  look: FleetLook,
  now: number,
): string {
  const { to, name, dependency } = transition;
  const time = span(dependency, now);
  if (to === "up") return `${name} keeps no pod unready any more${time ? `, after ${time}` : ""}`;
  const since = time ? ` for ${time}` : "";
  return `${name}: ${dependency.reason}${since}, in ${podsText(look)}`;
}
