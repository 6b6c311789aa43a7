/**
 * What a policy of healthpolicy.dev/v1alpha1 holds: fields, their documentation, limits and rules. The
 * source of truth: types are inferred here; crds/, the chart's CRD and docs/reference are generated.
 */
import { z } from "zod";
import * as rules from "./cel.ts";
import { MAX_DEPENDENCIES } from "./limits.ts";
import { POLICY_NAME_MAX_LENGTH } from "./names.ts";
import { DEFAULT_TIMES, DURATION_LIMITS, NUMBER_LIMITS } from "./timing.ts";
import { dependency } from "./v1alpha1-dependency.ts";
import { describe } from "./v1alpha1-fields.ts";
import { selector } from "./v1alpha1-selector.ts";
import { type HealthPolicyStatus, status } from "./v1alpha1-status.ts";

const { cel } = rules;

function duration(field: keyof typeof DURATION_LIMITS, text: string) {
  const limits = DURATION_LIMITS[field];
  return z
    .string()
    .max(8)
    .optional()
    .meta({
      ...describe(
        `${text} From ${limits.minimum} to ${limits.maximum}; unset: ${DEFAULT_TIMES[field]}.`,
      ),
      ...cel(...rules.durationRules(field, limits)),
    });
}

function wholeNumber(parent: "timing" | "probe", field: keyof typeof NUMBER_LIMITS, text: string) {
  const limits = NUMBER_LIMITS[field];
  return z
    .int32()
    .optional()
    .meta({
      ...describe(
        `${text} From ${limits.minimum} to ${limits.maximum}; unset: ${DEFAULT_TIMES[field]}.`,
      ),
      ...cel(rules.rangeRule(`${parent}.${field}`, limits)),
    });
}

const spec = z
  .object({
    selector,
    dependencies: z
      .array(dependency)
      .max(MAX_DEPENDENCIES)
      .meta({
        ...describe(`What the app needs, 1 to ${MAX_DEPENDENCIES} entries.`),
        "x-kubernetes-list-type": "atomic",
        ...cel(...rules.DEPENDENCY_LIST_RULES),
      }),
    timing: z
      .object({
        connectTimeout: duration(
          "connectTimeout",
          "Budget for name resolution and connect together.",
        ),
        checkTimeout: duration(
          "checkTimeout",
          "Budget for a whole check: name resolution, connect, handshake and query.",
        ),
        interval: duration(
          "interval",
          "Time from the start of one check of a dependency to the start of the next; each wait is drawn from 0.9 to 1.0 of it.",
        ),
        failureThreshold: wholeNumber(
          "timing",
          "failureThreshold",
          "Failures in a row after which a dependency counts as down.",
        ),
        successThreshold: wholeNumber(
          "timing",
          "successThreshold",
          "Successes in a row after which a dependency counts as up.",
        ),
      })
      .optional()
      .meta(
        describe(
          "Every time of the checks. Must nest: connectTimeout < checkTimeout < probe.timeoutSeconds, and checkTimeout <= interval.",
        ),
      ),
    probe: z
      .object({
        periodSeconds: wholeNumber(
          "probe",
          "periodSeconds",
          "How often the kubelet asks the injected container, in seconds.",
        ),
        timeoutSeconds: wholeNumber(
          "probe",
          "timeoutSeconds",
          "How long the kubelet waits for an answer, in seconds.",
        ),
      })
      .optional()
      .meta(
        describe(
          "The readiness probe of the injected container. It reads the last results and never starts a check; its failureThreshold is 1, because thresholds live in timing.",
        ),
      ),
  })
  .meta({ ...describe("What the app depends on."), ...cel(...rules.NESTING_RULES) });

/** The whole resource as it is stored, without apiVersion, kind and metadata. */
export const healthPolicySchema = z.object({ spec, status }).meta({
  ...describe(
    "Readiness of pods, decided by the databases and caches that they need. New pods that the selector matches get a sidecar whose readiness probe fails while a gating dependency cannot be reached.",
  ),
  ...cel({
    rule: `self.metadata.name.size() <= ${POLICY_NAME_MAX_LENGTH}`,
    messageExpression: `'metadata.name: at most ${POLICY_NAME_MAX_LENGTH} characters, not %d'.format([self.metadata.name.size()])`,
  }),
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
  annotations?: Record<string, string>;
  labels?: Record<string, string>;
}

export type HealthPolicySpec = z.output<typeof spec>;

/** A HealthPolicy as the API server gives it. */
export interface HealthPolicy {
  apiVersion: string;
  kind: "HealthPolicy";
  metadata: ObjectMeta;
  spec: HealthPolicySpec;
  status?: HealthPolicyStatus;
}
