/**
 * What a ClusterHealthPolicy asks of the probes of workloads: fields, documentation and limits. A rule whose
 * field is unset asks for nothing.
 */
import { z } from "zod";
import { cel, rangeRule } from "./cel.ts";
import { FORBIDDEN_PATH_RULE, probeStandardRules } from "./cel-standards.ts";
import { describe } from "./v1alpha1-fields.ts";

/** What follows from a violation. */
export const ENFORCEMENTS = ["Audit", "Warn", "Deny", "Apply"] as const;
/** One of ENFORCEMENTS. */
export type Enforcement = (typeof ENFORCEMENTS)[number];

/** More paths than one app has health endpoints; few enough for one comparison per container and path. */
const MAX_FORBIDDEN_PATHS = 16;
/** Longer than any path of a health endpoint. */
const MAX_PATH_LENGTH = 256;

/** Bounds of the standards' numbers, in seconds. A probe that takes a minute or waits an hour helps nobody. */
const LIMITS = {
  timeoutSeconds: { minimum: 1, maximum: 60 },
  periodSeconds: { minimum: 1, maximum: 3_600 },
  initialDelaySeconds: { minimum: 0, maximum: 3_600 },
} as const;

const flag = (text: string) =>
  z
    .boolean()
    .optional()
    .meta(describe(`${text} Unset: not asked.`));

const seconds = (field: string, text: string, limits: { minimum: number; maximum: number }) =>
  z
    .int32()
    .optional()
    .meta({
      ...describe(
        `${text} From ${limits.minimum} to ${limits.maximum} seconds; unset: not looked at.`,
      ),
      ...cel(rangeRule(field, limits)),
    });

/** What can be asked of a readinessProbe and of a livenessProbe alike. */
const asked = (probe: "readinessProbe" | "livenessProbe") => ({
  required: flag(
    `true: every container must have a ${probe}; init containers and native sidecars need none. Not asked of pods that run to completion, with a restartPolicy of Never or OnFailure, such as those of Jobs.`,
  ),
  minTimeoutSeconds: seconds(
    `${probe}.minTimeoutSeconds`,
    "Least timeoutSeconds, which is 1 where the probe says none.",
    LIMITS.timeoutSeconds,
  ),
  minExecTimeoutSeconds: seconds(
    `${probe}.minExecTimeoutSeconds`,
    "Least timeoutSeconds of a probe that runs a command: many interpreters take longer to start than the 1 s that counts where the probe says none.",
    LIMITS.timeoutSeconds,
  ),
  timeoutWithinPeriod: flag(
    "true: timeoutSeconds must not be more than periodSeconds, or probes run back to back against a slow app.",
  ),
  maxPeriodSeconds: seconds(
    `${probe}.maxPeriodSeconds`,
    "Greatest periodSeconds, which is 10 where the probe says none.",
    LIMITS.periodSeconds,
  ),
  maxInitialDelaySeconds: seconds(
    `${probe}.maxInitialDelaySeconds`,
    "Greatest initialDelaySeconds of a container without startupProbe: a fixed delay is either too short for a slow start or lost time in every other.",
    LIMITS.initialDelaySeconds,
  ),
});

const forbiddenPaths = z
  .array(
    z
      .string()
      .max(MAX_PATH_LENGTH)
      .meta({ ...describe("A path such as /readiness."), ...cel(FORBIDDEN_PATH_RULE) }),
  )
  .max(MAX_FORBIDDEN_PATHS)
  .optional()
  .meta({
    ...describe(
      "Paths that a livenessProbe must not ask, because they look at dependencies, such as /readiness or /health/db: with one, a database that is down has every pod restarted. Compared with the whole path of an httpGet, without its query. Unset: none.",
    ),
    "x-kubernetes-list-type": "atomic",
  });

/** The schema of `spec.standards`. */
export const standards = z
  .object({
    enforcement: z
      .enum(ENFORCEMENTS)
      .default("Audit")
      .meta(
        describe(
          "Audit: violations are counted in the status. Warn: kubectl also prints each when a workload is applied. Deny: such a workload is refused, new or with other probes than before; what stands can still be scaled, restarted and given another image. Apply: as Warn, and pods are created with the times of their probes raised to the floors, above no ceiling of any ClusterHealthPolicy; no probe is added and no handler touched. Unset: Audit.",
        ),
      ),
    readinessProbe: z
      .object(asked("readinessProbe"))
      .optional()
      .meta({
        ...describe("What is asked of the readinessProbe of each container."),
        ...cel(...probeStandardRules("readinessProbe")),
      }),
    livenessProbe: z
      .object({
        ...asked("livenessProbe"),
        differsFromReadiness: flag(
          "true: must not ask what the readinessProbe asks, or a pod that only is not ready gets restarted. Handlers are compared as they are written.",
        ),
        forbiddenPaths,
      })
      .optional()
      .meta({
        ...describe("What is asked of the livenessProbe of each container."),
        ...cel(...probeStandardRules("livenessProbe")),
      }),
  })
  .optional()
  .meta(
    describe(
      "What the probes of workloads in those namespaces have to be like, HealthPolicy or not.",
    ),
  );
