/** What the operator reports in the status of a ClusterHealthPolicy: fields, their documentation and limits. */
import { z } from "zod";
import { conditionsOf, count, generation, UNOBSERVED_STATUS } from "./v1alpha1-conditions.ts";
import { describe } from "./v1alpha1-fields.ts";

/** Condition types of a ClusterHealthPolicy, in the order in which they are written. */
export const CLUSTER_CONDITION_TYPES = ["Accepted", "DefaultsNest"] as const;

/** Rules that can be violated: six for each of the two probes, and two that are about liveness alone. */
const MAX_RULES = 14;
/** Examples of one rule's violations: enough to begin with; all are found by applying the workload. */
export const MAX_WORKLOAD_EXAMPLES = 10;
/** `namespace/Kind/name`: 63 and 253 characters, and the longest kind of a workload. */
const MAX_EXAMPLE_LENGTH = 340;

const violation = z
  .object({
    rule: z.string().max(63).meta(describe("Which rule.")),
    count: z.int32().min(0).max(1_000_000).meta(describe("How many workloads violate it.")),
    examples: z
      .array(
        z.string().max(MAX_EXAMPLE_LENGTH).meta(describe("A workload, as namespace/Kind/name.")),
      )
      .max(MAX_WORKLOAD_EXAMPLES)
      .optional()
      .meta({
        ...describe(`Some of them, ${MAX_WORKLOAD_EXAMPLES} at most.`),
        "x-kubernetes-list-type": "atomic",
      }),
  })
  .meta(describe("The violations of one rule."));

/** The schema of `status`; written by the operator alone, so it has types and limits but no rules. */
export const clusterStatus = z
  .object({
    observedGeneration: generation("metadata.generation that this status speaks of."),
    conditions: conditionsOf(
      CLUSTER_CONDITION_TYPES,
      "Accepted: the policy is valid. DefaultsNest: its times nest with those of every HealthPolicy that takes them; the message names those where they do not.",
    ),
    namespaces: count("Namespaces that the policy reaches."),
    coverage: z
      .object({
        workloads: count("Workloads of those namespaces, found by their pods."),
        compliant: count("Of those, workloads that violate no rule."),
        violationsTotal: count("Violations of all rules together."),
        violations: z
          .array(violation)
          .max(MAX_RULES)
          .optional()
          .meta({
            ...describe("Violations by rule."),
            "x-kubernetes-list-type": "map",
            "x-kubernetes-list-map-keys": ["rule"],
          }),
      })
      .optional()
      .meta(describe("How the workloads stand to the standards.")),
  })
  .optional()
  .meta({ ...describe("What the operator observed."), default: UNOBSERVED_STATUS });

/** `status` of a ClusterHealthPolicy that has one. */
export type ClusterHealthPolicyStatus = NonNullable<z.output<typeof clusterStatus>>;
/** One of CLUSTER_CONDITION_TYPES. */
export type ClusterConditionType = (typeof CLUSTER_CONDITION_TYPES)[number];
