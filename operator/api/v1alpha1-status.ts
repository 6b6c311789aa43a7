/** What the operator reports in the status of a HealthPolicy: fields, their documentation and limits. */
import { z } from "zod";
import { MAX_DEPENDENCIES } from "./policy-file.ts";

const describe = (description: string) => ({ description });

/** Condition types of a HealthPolicy, in the order in which they are written. */
export const CONDITION_TYPES = [
  "Accepted",
  "Programmed",
  "PodsCurrent",
  "Ready",
  "Stalled",
] as const;

const condition = z.object({
  type: z
    .string()
    .max(316)
    .meta(describe(`One of ${CONDITION_TYPES.join(", ")}.`)),
  status: z.enum(["True", "False", "Unknown"]).meta(describe("Whether the condition holds.")),
  reason: z.string().min(1).max(1024).meta(describe("One word for why.")),
  message: z.string().max(32_768).meta(describe("One sentence for why.")),
  observedGeneration: z
    .int()
    .optional()
    .meta({ ...describe("metadata.generation that the condition speaks of."), format: "int64" }),
  lastTransitionTime: z
    .string()
    .meta({ ...describe("When `status` last changed."), format: "date-time" }),
});

const count = (text: string) => z.int32().optional().meta(describe(text));
const text = (description: string) => z.string().max(1024).optional().meta(describe(description));

/** The schema of `status`; written by the operator alone, so it has types and limits but no rules. */
export const status = z
  .object({
    observedGeneration: z
      .int()
      .optional()
      .meta({ ...describe("metadata.generation that this status speaks of."), format: "int64" }),
    conditions: z
      .array(condition)
      .max(8)
      .optional()
      .meta({
        ...describe(
          "Accepted: the policy is valid. Programmed: a pod created now gets the sidecar. PodsCurrent: every matching pod runs it. Ready: accepted and programmed. Stalled: it can never work as it stands.",
        ),
        "x-kubernetes-list-type": "map",
        "x-kubernetes-list-map-keys": ["type"],
      }),
    effective: z
      .object({
        timing: z
          .object({
            connectTimeout: text("In force."),
            checkTimeout: text("In force."),
            interval: text("In force."),
            failureThreshold: count("In force."),
            successThreshold: count("In force."),
          })
          .optional()
          .meta(describe("Times of the checks.")),
        probe: z
          .object({ periodSeconds: count("In force."), timeoutSeconds: count("In force.") })
          .optional()
          .meta(describe("Times of the probe.")),
        impact: z
          .array(
            z.object({
              name: z.string().max(63).meta(describe("Name of the dependency.")),
              impact: z.string().max(63).meta(describe("In force.")),
            }),
          )
          .max(MAX_DEPENDENCIES)
          .optional()
          .meta({
            ...describe("Impact of each dependency."),
            "x-kubernetes-list-type": "map",
            "x-kubernetes-list-map-keys": ["name"],
          }),
      })
      .optional()
      .meta(describe("The values in force, with defaults filled in.")),
    bounds: z
      .object({
        unreadyWithin: text("From a dependency's failure to the pod being unready."),
        readyWithin: text("From its return to the pod being ready."),
      })
      .optional()
      .meta(
        describe(
          "Worst cases, computed from timing and probe; Kubernetes' own delays come on top.",
        ),
      ),
    pods: z
      .object({
        matched: count("Pods that the selector matches and that are not opted out."),
        injected: count("Of those, pods that carry the sidecar."),
        outdated: count("Of those, pods that run another revision than a new pod would."),
        unready: count("Injected pods whose sidecar says unready."),
        optedOut: count(`Matching pods that are opted out or of a kind that is never injected.`),
        summary: text("injected/matched."),
      })
      .optional()
      .meta(describe("Counts of pods.")),
    dependenciesSummary: text("Names of the dependencies, for the wide output of kubectl get."),
  })
  .optional()
  .meta(describe("What the operator observed."));

export type HealthPolicyStatus = NonNullable<z.output<typeof status>>;
export type Condition = z.output<typeof condition>;
export type ConditionType = (typeof CONDITION_TYPES)[number];
