/**
 * What a ClusterHealthPolicy of healthpolicy.dev/v1alpha1 holds: defaults and standards for many namespaces.
 * The source of truth, as v1alpha1.ts is for HealthPolicy. It has no field for credentials, and none for what
 * only the owner of an app can decide.
 */
import { z } from "zod";
import { cel, POLICY_NAME_RULE } from "./cel.ts";
import { NESTING_RULES } from "./cel-timing.ts";
import { DEPENDENCY_DEFAULTS } from "./limits.ts";
import { IMPACTS } from "./policy-file.ts";
import type { ObjectMeta } from "./v1alpha1.ts";
import { application } from "./v1alpha1-application.ts";
import { standards } from "./v1alpha1-cluster-standards.ts";
import { type ClusterHealthPolicyStatus, clusterStatus } from "./v1alpha1-cluster-status.ts";
import { DEPENDENCY_TYPES } from "./v1alpha1-dependency.ts";
import { describe } from "./v1alpha1-fields.ts";
import { rollout } from "./v1alpha1-rollout.ts";
import { namespaceSelector } from "./v1alpha1-selector.ts";
import { probe, timing } from "./v1alpha1-timing.ts";

type DependencyType = (typeof DEPENDENCY_TYPES)[number];

const impactOf = (type: DependencyType) =>
  z
    .enum(IMPACTS)
    .optional()
    .meta(
      describe(
        `Impact of dependencies of type ${type} that state none; unset: ${DEPENDENCY_DEFAULTS[type].impact}.`,
      ),
    );

/** One field for each type that a dependency can have. */
const impactByType = Object.fromEntries(
  DEPENDENCY_TYPES.map((type) => [type, impactOf(type)]),
) as Record<DependencyType, ReturnType<typeof impactOf>>;

const defaults = z
  .object({
    timing,
    probe,
    application,
    rollout,
    impact: z
      .object(impactByType)
      .optional()
      .meta(describe("What a failure of a dependency does to the pod, by the dependency's type.")),
  })
  .optional()
  .meta({
    ...describe(
      "Values for what a HealthPolicy of those namespaces leaves unset. Of several ClusterHealthPolicies the oldest that sets a field counts.",
    ),
    ...cel(...NESTING_RULES),
  });

const spec = z
  .object({ namespaceSelector, defaults, standards })
  .meta(describe("What counts in those namespaces."));

/** The whole resource as it is stored, without apiVersion, kind and metadata. */
export const clusterHealthPolicySchema = z.object({ spec, status: clusterStatus }).meta({
  ...describe(
    "Defaults for the HealthPolicies of many namespaces, and standards for the probes of the workloads there.",
  ),
  ...cel(POLICY_NAME_RULE),
});

/** `spec` of a ClusterHealthPolicy, its defaults filled in. */
export type ClusterHealthPolicySpec = z.output<typeof spec>;

/** A ClusterHealthPolicy as the API server gives it. */
export interface ClusterHealthPolicy {
  apiVersion: string;
  kind: "ClusterHealthPolicy";
  metadata: Omit<ObjectMeta, "namespace">;
  spec: ClusterHealthPolicySpec;
  status?: ClusterHealthPolicyStatus;
}
