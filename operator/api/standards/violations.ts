/** What of a pod violates the standards of a ClusterHealthPolicy. */
import { isDnsLabel } from "../name-patterns.ts";
import { EXEMPT_CONTAINERS } from "./exempt-containers.ts";
import { type ContainerProbes, type PodProbes, runsToCompletion } from "./pod-probes.ts";
import type { Standards } from "./rule.ts";
import { RULES, type RuleId } from "./rules.ts";

/** One rule that one container violates. */
export interface Violation {
  rule: RuleId;
  /** The container's name. */
  container: string;
  /** Names container, field and value, and says what to write instead. */
  sentence: string;
}

const fill = (format: string, values: readonly (string | number)[]) => {
  const left = [...values];
  return format.replaceAll(/%[sd]/g, () => String(left.shift()));
};

/** The format of a sentence about a container, whose name is its first value. */
export function aboutContainer(format: string): string {
  return `container "%s": ${format}`;
}

/** Whether a container of this name is judged: a name that a pod can have, and none of EXEMPT_CONTAINERS. */
export function isJudged({ name = "" }: ContainerProbes): boolean {
  return isDnsLabel(name) && !EXEMPT_CONTAINERS.includes(name);
}

/**
 * All violations in a pod or pod template, by rule in the order of RULES, then in the order of its containers.
 * Judged are its containers; init containers and native sidecars, ours among them, are not, and neither are
 * EXEMPT_CONTAINERS. `enforcement` plays no part. A container whose name the API server refuses is left out: such a pod
 * is never created, and the name could hold anything.
 */
export function violations(pod: PodProbes, standards: Standards): Violation[] {
  const ends = runsToCompletion(pod);
  const containers = (pod.containers ?? []).filter(isJudged);
  return RULES.flatMap(({ id, format, violated }) =>
    containers.flatMap((container): Violation[] => {
      const values = violated({ container, standards, runsToCompletion: ends });
      if (!values) return [];
      const { name = "" } = container;
      return [
        { rule: id, container: name, sentence: fill(aboutContainer(format), [name, ...values]) },
      ];
    }),
  );
}
