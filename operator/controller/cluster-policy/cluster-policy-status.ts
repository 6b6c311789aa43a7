/** The status of a ClusterHealthPolicy, decided from what is known about it. Pure. */

import { CONDITION_SENTENCES as SAID } from "../../api/condition-texts.ts";
import type { ClusterHealthPolicyStatus } from "../../api/v1alpha1-cluster-status.ts";
import { type ConditionFacts, datedConditions, no, yes } from "../conditions.ts";

/** Everything that the status is made from. */
export interface ClusterPolicyFacts extends ConditionFacts {
  /** How many namespaces it reaches. */
  namespaces: number;
  /** HealthPolicies, as `namespace/name`, whose times do not nest because of it. */
  unfit: readonly string[];
  /** How workloads stand to its standards; undefined without standards, or before it could be counted. */
  coverage: ClusterHealthPolicyStatus["coverage"];
}

/** Policies named in one message; the rest are counted. */
const NAMED_POLICIES = 5;

function defaultsNest(unfit: readonly string[]) {
  if (unfit.length === 0) {
    return yes("DefaultsNest", SAID.defaultsNest);
  }
  const named = unfit.toSorted().slice(0, NAMED_POLICIES).join(", ");
  const more = unfit.length - NAMED_POLICIES;
  const rest = more > 0 ? ` (and ${more} more)` : "";
  return no(
    "Invalid",
    `The times do not nest with those of ${unfit.length} HealthPolicies, which stay as they were before: ${named}${rest}`,
  );
}

/** The whole status. Equal facts give an equal status, whatever the time. */
export function clusterPolicyStatus(facts: ClusterPolicyFacts): ClusterHealthPolicyStatus {
  const states = {
    // The API server refuses what is not.
    Accepted: yes("Accepted", SAID.accepted),
    DefaultsNest: defaultsNest(facts.unfit),
  };
  return {
    observedGeneration: facts.generation,
    conditions: datedConditions(states, facts),
    namespaces: facts.namespaces,
    ...(facts.coverage && { coverage: facts.coverage }),
  };
}
