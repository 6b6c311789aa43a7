/** Whether an update touches what standards judge, in CEL. */
import { celContainers } from "./cel-violations.ts";

/** All that the rules look at in a container; a startupProbe decides whether a long initial delay is one. */
const LOOKED_AT = ["readinessProbe", "livenessProbe", "startupProbe"] as const;

// `new == old` where one is missing is an error in CEL, and the API server lets pass what ends in one.
const celUnchanged = (probe: string) =>
  `(has(c.${probe}) ? has(o.${probe}) && c.${probe} == o.${probe} : !has(o.${probe}))`;

/**
 * Whether a container of `podSpec` is new or has another probe than the one of its name in `oldPodSpec`. As in
 * Kubernetes' own validation, what nobody touches is not refused for what it has been before: an image, a
 * rollback to one, a nodeSelector that a queue puts in, or a container that goes.
 */
export function celProbesChange(podSpec: string, oldPodSpec: string): string {
  const same = ["o.name == c.name", ...LOOKED_AT.map(celUnchanged)].join(" && ");
  return `${celContainers(podSpec)}.exists(c, !${oldPodSpec}.containers.exists(o, ${same}))`;
}
