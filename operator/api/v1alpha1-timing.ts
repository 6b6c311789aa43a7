/** The times that a HealthPolicy or the defaults of a ClusterHealthPolicy may set: documentation and limits. */
import { z } from "zod";
import { cel, rangeRule } from "./cel.ts";
import { durationRules } from "./cel-timing.ts";
import { DEFAULT_TIMES, DURATION_LIMITS, NUMBER_LIMITS } from "./timing.ts";
import { describe } from "./v1alpha1-fields.ts";

type Field = keyof typeof DEFAULT_TIMES;

function textOf(field: Field, text: string, limits: { minimum: unknown; maximum: unknown }) {
  const { minimum, maximum } = limits;
  return `${text} From ${minimum} to ${maximum}; built-in default: ${DEFAULT_TIMES[field]}.`;
}

function duration(field: keyof typeof DURATION_LIMITS, text: string) {
  const limits = DURATION_LIMITS[field];
  return z
    .string()
    .max(8)
    .optional()
    .meta({
      ...describe(textOf(field, text, limits)),
      ...cel(...durationRules(field, limits)),
    });
}

function wholeNumber(parent: "timing" | "probe", field: keyof typeof NUMBER_LIMITS, text: string) {
  const limits = NUMBER_LIMITS[field];
  return z
    .int32()
    .optional()
    .meta({
      ...describe(textOf(field, text, limits)),
      ...cel(rangeRule(`${parent}.${field}`, limits)),
    });
}

/** The schema of `timing`; no default, because what is unset is decided by several objects together. */
export const timing = z
  .object({
    connectTimeout: duration("connectTimeout", "Budget for name resolution and connect together."),
    checkTimeout: duration(
      "checkTimeout",
      "Budget for a whole check: name resolution, connect, handshake and query.",
    ),
    interval: duration(
      "interval",
      "Time from the start of one check of a dependency to the start of the next; each wait is drawn from 0.9 to 1.0 of it. Shorter ones take more of the sidecar's CPU limit.",
    ),
    failureThreshold: wholeNumber(
      "timing",
      "failureThreshold",
      "Failures in a row after which a dependency that was up counts as down; the first result, also after a restart of the sidecar, decides at once.",
    ),
    successThreshold: wholeNumber(
      "timing",
      "successThreshold",
      "Successes in a row after which a dependency that failed counts as up.",
    ),
  })
  .optional()
  .meta(
    describe(
      "Every time of the checks. Must nest: connectTimeout < checkTimeout < probe.timeoutSeconds, and checkTimeout <= interval. A HealthPolicy's unset times come from the ClusterHealthPolicies of its namespace, the oldest first, then from the built-in defaults.",
    ),
  );

/** The schema of `probe`, likewise. */
export const probe = z
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
      "The readiness probe of the injected container. It reads the last results and never starts a check; its failureThreshold is 1, because thresholds live in timing. Unset fields as in timing.",
    ),
  );
