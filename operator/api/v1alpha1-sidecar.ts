/** What a HealthPolicy may ask of the container that is injected for it. */
import { z } from "zod";
import { cel } from "./cel.ts";
import { type QuantityLimits, quantityRules, requestWithinLimitRule } from "./cel-quantity.ts";
import { describe } from "./v1alpha1-fields.ts";

/**
 * Within these a sidecar works and costs a node no more than a small app. With all six types and TLS one takes 23 MiB
 * at most (docs/operations.md); one that is killed for its memory keeps its pod unready for good. A scheduler may count
 * on less than that, since what is reserved is no bound.
 */
const LIMITS = {
  requests: {
    cpu: { minimum: "1m", maximum: "1", example: "5m" },
    memory: { minimum: "16Mi", maximum: "512Mi", example: "32Mi" },
  },
  limits: {
    cpu: { minimum: "50m", maximum: "1", example: "100m" },
    memory: { minimum: "32Mi", maximum: "512Mi", example: "64Mi" },
  },
} satisfies Record<string, Record<string, QuantityLimits>>;

/** The longest quantity in characters: 123456789.123Mi. */
const MAX_QUANTITY_LENGTH = 15;

/** What counts where the policy states nothing. */
const UNSET = {
  requests: {
    cpu: "what its checks take, at least the chart's value",
    memory: "the chart's value",
  },
  limits: { cpu: "the chart's value", memory: "the chart's value" },
};

function quantity(part: keyof typeof LIMITS, resource: "cpu" | "memory", text: string) {
  const limits = LIMITS[part][resource];
  return z
    .string()
    .max(MAX_QUANTITY_LENGTH)
    .optional()
    .meta({
      ...describe(
        `${text} From ${limits.minimum} to ${limits.maximum}, as a text; unset: ${UNSET[part][resource]}.`,
      ),
      ...cel(...quantityRules(`sidecar.resources.${part}.${resource}`, limits)),
    });
}

const requests = z
  .object({
    cpu: quantity(
      "requests",
      "cpu",
      "CPU that the scheduler reserves, and all that there is where CPUs are full.",
    ),
    memory: quantity("requests", "memory", "Memory that the scheduler reserves."),
  })
  .optional()
  .meta(describe("What the scheduler reserves. Where unset, no more than the limit."));

const limits = z
  .object({
    cpu: quantity("limits", "cpu", "CPU that the sidecar may use at most."),
    memory: quantity("limits", "memory", "Memory that the sidecar may use at most."),
  })
  .optional()
  .meta(describe("What the sidecar may use at most. Where unset, no less than the request."));

/** The schema of `sidecar`. */
export const sidecar = z
  .object({
    resources: z
      .object({ requests, limits })
      .optional()
      .meta({
        ...describe(
          "Requests and limits of the injected container in new pods; each unset one is the chart's, but for the request of CPU. A pod that is Guaranteed stays so: there the requests are the limits.",
        ),
        ...cel(requestWithinLimitRule("cpu"), requestWithinLimitRule("memory")),
      }),
  })
  .optional()
  .meta(describe("The injected container. Running pods keep theirs, and count as outdated."));

/** What a policy says of the sidecar's requests and limits; unset fields are absent. */
export type SidecarResources = NonNullable<NonNullable<z.output<typeof sidecar>>["resources"]>;
