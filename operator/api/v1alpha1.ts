/**
 * What a HealthPolicy of healthpolicy.dev/v1alpha1 holds: fields, their documentation, limits and rules. The
 * source of truth: types are inferred here; crds/, the chart's CRD and docs/reference are generated.
 */
import { z } from "zod";
import * as rules from "./cel.ts";
import { NESTING_RULES } from "./cel-timing.ts";
import { DEFAULT_MODE, MAX_DEPENDENCIES } from "./limits.ts";
import { MODES } from "./policy-file.ts";
import { application } from "./v1alpha1-application.ts";
import { dependency } from "./v1alpha1-dependency.ts";
import { describe } from "./v1alpha1-fields.ts";
import { fleet } from "./v1alpha1-fleet.ts";
import { rollout } from "./v1alpha1-rollout.ts";
import { selector } from "./v1alpha1-selector.ts";
import { sidecar } from "./v1alpha1-sidecar.ts";
import { type HealthPolicyStatus, status } from "./v1alpha1-status.ts";
import { probe, timing } from "./v1alpha1-timing.ts";

const { cel } = rules;

const spec = z
  .object({
    selector,
    mode: z
      .enum(MODES)
      .optional()
      .meta(
        describe(
          `Enforce: pods become unready as the impacts of their dependencies say. DryRun: pods stay ready, and their sidecars report what Enforce would have done. An edit from DryRun to Enforce takes no running pod out for a dependency that is down at that moment. Unset: ${DEFAULT_MODE}.`,
        ),
      ),
    dependencies: z
      .array(dependency)
      .max(MAX_DEPENDENCIES)
      .meta({
        ...describe(`What the app needs, 1 to ${MAX_DEPENDENCIES} entries.`),
        "x-kubernetes-list-type": "atomic",
        ...cel(...rules.DEPENDENCY_LIST_RULES),
      }),
    timing,
    probe,
    application,
    fleet,
    sidecar,
    rollout,
  })
  .meta({ ...describe("What the app depends on."), ...cel(...NESTING_RULES) });

/** The whole resource as it is stored, without apiVersion, kind and metadata. */
export const healthPolicySchema = z.object({ spec, status }).meta({
  ...describe(
    "Readiness of pods, decided by the databases and caches that they need. New pods that the selector matches get a sidecar whose readiness probe fails while a gating dependency cannot be reached.",
  ),
  ...cel(rules.POLICY_NAME_RULE),
});

/** Metadata of the resource, as far as this operator reads it. */
export interface ObjectMeta {
  name: string;
  namespace: string;
  uid: string;
  generation: number;
  creationTimestamp: string;
  resourceVersion?: string;
  deletionTimestamp?: string;
  finalizers?: string[];
  annotations?: Record<string, string>;
  labels?: Record<string, string>;
}

/** What the author of a HealthPolicy wrote; unset fields are absent. */
export type HealthPolicySpec = z.output<typeof spec>;

/** A HealthPolicy as the API server gives it. */
export interface HealthPolicy {
  apiVersion: string;
  kind: "HealthPolicy";
  metadata: ObjectMeta;
  spec: HealthPolicySpec;
  status?: HealthPolicyStatus;
}
