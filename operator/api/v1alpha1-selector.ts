/** Which pods a HealthPolicy is for: a label selector, its documentation and limits. */
import { z } from "zod";
import { cel } from "./cel.ts";
import * as rules from "./cel-selector.ts";
import { describe } from "./v1alpha1-fields.ts";

/** How many labels, conditions and values a selector may name: more than selectors need, and few enough to keep a policy small. */
const MAX_MATCH_LABELS = 12;
const MAX_MATCH_EXPRESSIONS = 8;
const MAX_MATCH_VALUES = 16;

const labelValue = z
  .string()
  .max(63)
  .meta({ ...describe("Label value."), ...cel(rules.LABEL_VALUE_RULE) });

const selectorRequirement = z
  .object({
    key: z
      .string()
      .min(1)
      .max(rules.MAX_LABEL_KEY_LENGTH)
      .meta({ ...describe("Label key."), ...cel(rules.LABEL_KEY_RULE) }),
    operator: z
      .enum(["In", "NotIn", "Exists", "DoesNotExist"])
      .meta(describe("How the label's value relates to `values`.")),
    values: z
      .array(labelValue)
      .max(MAX_MATCH_VALUES)
      .optional()
      .meta({
        ...describe("Label values; for In and NotIn only."),
        "x-kubernetes-list-type": "atomic",
      }),
  })
  .meta({ ...describe("One condition."), ...cel(rules.SELECTOR_REQUIREMENT_RULE) });

/** The schema of a label selector. */
export const selector = z
  .object({
    matchLabels: z
      .record(z.string(), labelValue)
      .optional()
      .meta({
        ...describe("Labels that a pod must have, with these values."),
        maxProperties: MAX_MATCH_LABELS,
        ...cel(...rules.LABEL_MAP_RULES),
      }),
    matchExpressions: z
      .array(selectorRequirement)
      .max(MAX_MATCH_EXPRESSIONS)
      .optional()
      .meta({
        ...describe("Conditions that a pod's labels must meet, all of them."),
        "x-kubernetes-list-type": "atomic",
      }),
  })
  .meta({
    ...describe(
      "Which pods of this namespace the policy is for, as in a PodDisruptionBudget. `{}` means every pod. Must not match the pods of a dependency that the policy names: such a pod would wait for itself.",
    ),
    "x-kubernetes-map-type": "atomic",
  });

export type LabelSelector = z.output<typeof selector>;
