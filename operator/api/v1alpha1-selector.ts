/** What a policy is for: a label selector, its documentation and limits. */
import { z } from "zod";
import { cel } from "./cel.ts";
import * as rules from "./cel-selector.ts";
import { describe } from "./v1alpha1-fields.ts";

/**
 * How many labels, conditions and values a selector may name: more than selectors need, and few enough to keep a policy
 * small.
 */
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

/** The schema of a label selector: `text` says what it is for, `object` what it selects, such as "a pod". */
const labelSelector = ({ text, object }: { text: string; object: string }) =>
  z
    .object({
      matchLabels: z
        .record(z.string(), labelValue)
        .optional()
        .meta({
          ...describe(`Labels that ${object} must have, with these values.`),
          maxProperties: MAX_MATCH_LABELS,
          ...cel(...rules.LABEL_MAP_RULES),
        }),
      matchExpressions: z
        .array(selectorRequirement)
        .max(MAX_MATCH_EXPRESSIONS)
        .optional()
        .meta({
          ...describe(`Conditions that the labels of ${object} must meet, all of them.`),
          "x-kubernetes-list-type": "atomic",
        }),
    })
    .meta({ ...describe(text), "x-kubernetes-map-type": "atomic" });

/** The pods of a HealthPolicy. */
export const selector = labelSelector({
  text: "Which pods of this namespace the policy is for, as in a PodDisruptionBudget. `{}` means every pod. Must not match the pods of a dependency that the policy names: such a pod would wait for itself.",
  object: "a pod",
});

/** The namespaces of a ClusterHealthPolicy. */
export const namespaceSelector = labelSelector({
  text: "Which namespaces the policy is for, by their labels. `{}` means all. kube-system, kube-node-lease and the operator's own namespace are never reached.",
  object: "a namespace",
});

/** Which pods are meant, as in every label selector of Kubernetes. */
export type LabelSelector = z.output<typeof selector>;
