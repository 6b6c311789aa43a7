/** What a rule of the standards is: one decision, once in TypeScript and once in CEL. */
import type { ClusterHealthPolicySpec } from "../v1alpha1-cluster.ts";
import type { ContainerProbes, JudgedProbe } from "./pod-probes.ts";

/** `spec.standards` of a ClusterHealthPolicy. */
export type Standards = NonNullable<ClusterHealthPolicySpec["standards"]>;

/** A container and what is asked of it. */
export interface Subject {
  container: ContainerProbes;
  standards: Standards;
  /** The pod ends by itself. */
  runsToCompletion: boolean;
}

/**
 * The same rule for the API server. `variables.standards` is `spec.standards`, `variables.runsToCompletion` a
 * boolean, and `c` a container whose probes have their defaults filled in, as every stored pod has.
 */
export interface CelTwin {
  /** Whether the standards ask for it at all. */
  asked: string;
  /** Whether the container `c` violates it; evaluated where `asked` is true. */
  violated: string;
  /** One expression for each verb of `format`. */
  values: string[];
}

/** One rule. */
export interface Rule<Id extends string = string> {
  /** In the status, in metrics and in documents. */
  id: Id;
  /** The field that asks for it, below `spec.standards`. */
  standard: string;
  /** The sentence without the container's name, with the verbs %s and %d: field, value, and what to write. */
  format: string;
  /** The values for `format` where the rule is violated; undefined where it is not, or not asked for. */
  violated: (subject: Subject) => (string | number)[] | undefined;
  cel: CelTwin;
}

/** How the ids of rules call the probes. */
export const PROBE_WORDS = { readinessProbe: "Readiness", livenessProbe: "Liveness" } as const;
/** First word of an id. */
export type ProbeWord = (typeof PROBE_WORDS)[JudgedProbe];

/** CEL for "`spec.standards` has this field", which is true or a bound. */
export function celAsks(probe: JudgedProbe, field: string): string {
  const standards = `variables.standards.${probe}`;
  return `has(${standards}) && has(${standards}.${field})`;
}

/** CEL for "the flag `field` is set and true". */
export function celFlag(probe: JudgedProbe, field: string): string {
  return `${celAsks(probe, field)} && variables.standards.${probe}.${field}`;
}
