/** The sentences of violations as CEL expressions, for the API server. What violations.ts says, it says. */
import { matches, sentence } from "../cel.ts";
import { MAX_LABEL_LENGTH } from "../limits.ts";
import { DNS_LABEL_PATTERN } from "../name-patterns.ts";
import { EXEMPT_CONTAINERS } from "./exempt-containers.ts";
import type { Rule } from "./rule.ts";
import { aboutContainer } from "./violations.ts";

/** The containers of `podSpec` that are judged; the length first, since matching costs by the character. */
export function celContainers(podSpec: string): string {
  const exempt = EXEMPT_CONTAINERS.map((name) => `'${name}'`).join(", ");
  return `${podSpec}.containers.filter(c, size(c.name) <= ${MAX_LABEL_LENGTH} && ${matches("c.name", DNS_LABEL_PATTERN)} && !(c.name in [${exempt}]))`;
}

/** Whether the pod ends by itself. */
export function celRunsToCompletion(podSpec: string): string {
  return `has(${podSpec}.restartPolicy) && ${podSpec}.restartPolicy != 'Always'`;
}

/**
 * The list of the sentences of one rule, one for each container that violates it, in an expression over
 * `variables.standards`, `variables.containers` and `variables.runsToCompletion`.
 */
export function celSentences({ format, cel }: Rule): string {
  const said = sentence(aboutContainer(format), "c.name", ...cel.values);
  return `${cel.asked} ? variables.containers.filter(c, ${cel.violated}).map(c, ${said}) : []`;
}
