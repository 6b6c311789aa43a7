/** What the status of every resource of ours has: the generation it speaks of, conditions, counts. */
import { z } from "zod";
import { MAX_MESSAGE_LENGTH } from "./limits.ts";
import { describe } from "./v1alpha1-fields.ts";

/** More pods than a cluster can have, and more than any threshold or time in seconds. */
const MAX_COUNT = 1_000_000;
/** What `observedGeneration` is before the operator has looked: no generation that an object can have. */
const NOT_OBSERVED = -1;

/** A `metadata.generation`; `text` says of what. */
export const generation = (text: string) =>
  z
    .int()
    .min(NOT_OBSERVED)
    .max(Number.MAX_SAFE_INTEGER)
    .optional()
    .meta({ ...describe(text), format: "int64" });

/**
 * The default of a status. Without it, tools that wait for a resource (kstatus: Helm, Flux) take one that nobody has
 * looked at yet for one that is in force.
 */
export const UNOBSERVED_STATUS = { observedGeneration: NOT_OBSERVED };

/** A whole number that the operator counted. */
export const count = (text: string) =>
  z.int32().min(0).max(MAX_COUNT).optional().meta(describe(text));

const conditionOf = (types: readonly string[]) =>
  z.object({
    type: z
      .string()
      .max(63)
      .meta(describe(`One of ${types.join(", ")}.`)),
    status: z.enum(["True", "False", "Unknown"]).meta(describe("Whether the condition holds.")),
    reason: z.string().min(1).max(63).meta(describe("One word for why.")),
    message: z.string().max(MAX_MESSAGE_LENGTH).meta(describe("One sentence for why.")),
    observedGeneration: generation("metadata.generation that the condition speaks of."),
    lastTransitionTime: z
      .string()
      .max(63)
      .meta({ ...describe("When `status` last changed."), format: "date-time" }),
  });

/** The list of conditions of these types; `text` says what each means. */
export const conditionsOf = (types: readonly string[], text: string) =>
  z
    .array(conditionOf(types))
    .max(types.length)
    .optional()
    .meta({
      ...describe(text),
      "x-kubernetes-list-type": "map",
      "x-kubernetes-list-map-keys": ["type"],
    });

/** One condition in the status of a resource. */
export type Condition = z.output<ReturnType<typeof conditionOf>>;
