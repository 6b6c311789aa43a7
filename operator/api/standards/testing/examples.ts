/** The examples in `testdata/`, and what CEL says of them without a cluster. */
import { readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { parse } from "yaml";
import { evaluateCel } from "../../testing/cel-environment.ts";
import { celContainers, celRunsToCompletion, celSentences } from "../cel-violations.ts";
import type { PodProbes } from "../pod-probes.ts";
import type { Standards } from "../rule.ts";
import { RULES } from "../rules.ts";

const TESTDATA = join(import.meta.dirname, "../testdata");
const read = (path: string) => readFileSync(join(TESTDATA, path), "utf8");

/** A ClusterHealthPolicy that asks for everything, as it is written. */
export const EVERY_RULE = read("every-rule.yaml");
/** Its `spec.standards`. */
export const EVERY_STANDARD: Standards = parse(EVERY_RULE).spec.standards;

/** A Deployment that violates one rule, and the same without the violation. */
export interface Example {
  rule: string;
  /** The sentence of its first line. */
  sentence: string;
  violating: string;
  corrected: string;
}

/** One for each file, by the name of its rule. */
export const EXAMPLES: Example[] = readdirSync(join(TESTDATA, "violating")).map((file) => {
  const violating = read(`violating/${file}`);
  return {
    rule: file.replace(/\.yaml$/, ""),
    sentence: violating.slice("# ".length, violating.indexOf("\n")),
    violating,
    corrected: read(`corrected/${file}`),
  };
});

/** The `spec` of the pods of a Deployment. */
export function podOf(manifest: string): PodProbes {
  return parse(manifest).spec.template.spec;
}

/** What the CEL twins say of a pod whose probes have their defaults filled in. */
export function celSays(podSpec: PodProbes, standards: Standards): string[] {
  const context = {
    variables: {
      standards,
      containers: evaluateCel(celContainers("podSpec"), { podSpec }),
      runsToCompletion: evaluateCel(celRunsToCompletion("podSpec"), { podSpec }),
    },
  };
  return RULES.flatMap((rule) => evaluateCel(celSentences(rule), context) as string[]);
}
