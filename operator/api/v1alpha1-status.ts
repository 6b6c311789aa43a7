/** What the operator reports in the status of a HealthPolicy: fields, their documentation and limits. */
import { z } from "zod";
import {
  MAX_CHANGED_PROBE_LENGTH,
  MAX_DEPENDENCIES,
  MAX_EXAMPLES,
  MAX_LABEL_LENGTH,
  MAX_NAME_LENGTH,
} from "./limits.ts";
import { POLICY_NAME_MAX_LENGTH } from "./names.ts";
import { conditionsOf, count, generation, UNOBSERVED_STATUS } from "./v1alpha1-conditions.ts";
import { describe } from "./v1alpha1-fields.ts";
import { rolloutStatus } from "./v1alpha1-rollout-status.ts";

/** Condition types of a HealthPolicy, in the order in which they are written. */
export const CONDITION_TYPES = [
  "Accepted",
  "Programmed",
  "PodsCurrent",
  "Ready",
  "Stalled",
] as const;

/** `16s` or `1500ms`, or `12/12`. */
const MAX_SHORT_TEXT_LENGTH = 32;
/** `ClusterHealthPolicy/` and the longest name of one. */
const MAX_SOURCE_LENGTH = 20 + POLICY_NAME_MAX_LENGTH;
/** Every dependency's name, with a comma after each. */
const MAX_SUMMARY_LENGTH = 64 * MAX_DEPENDENCIES;
/** Reason of a condition, a dependency's name and its reason, and what stands between. */
const MAX_REASON_LENGTH = 63 + 2 + MAX_LABEL_LENGTH + 2 + 63;
const text = (description: string) =>
  z.string().max(MAX_SHORT_TEXT_LENGTH).optional().meta(describe(description));

const value = text("The value in force.");
const wholeNumber = count("The value in force.");
const source = z
  .string()
  .max(MAX_SOURCE_LENGTH)
  .optional()
  .meta(describe("Who sets it: policy, ClusterHealthPolicy/ and its name, or built-in."));
/** A value and where it comes from. */
const sourced = <T extends z.ZodType>(value: T, text: string) =>
  z.object({ value, source }).optional().meta(describe(text));

/** More different ones than one policy's workloads should have; each pod's annotation has its own. */
export const MAX_CHANGED_PROBES = 10;
const changedProbes = (description: string) =>
  z
    .array(
      z.string().max(MAX_CHANGED_PROBE_LENGTH).meta(describe("One of a container's own probes.")),
    )
    .max(MAX_CHANGED_PROBES)
    .optional()
    .meta({
      ...describe(`${description} The first ${MAX_CHANGED_PROBES} different ones of all pods.`),
      "x-kubernetes-list-type": "atomic",
    });

/** The schema of `status`; written by the operator alone, so it has types and limits but no rules. */
export const status = z
  .object({
    observedGeneration: generation("metadata.generation that this status speaks of."),
    conditions: conditionsOf(
      CONDITION_TYPES,
      "Accepted: the policy is valid. Programmed: a pod created now gets the sidecar. PodsCurrent: every matching pod runs it. Ready: accepted and programmed. Stalled: it can never work as it stands.",
    ),
    reason: z
      .string()
      .max(MAX_REASON_LENGTH)
      .optional()
      .meta(
        describe(
          "In short, for kubectl get: while a dependency makes pods unready, the one that does so to most of them and why, such as orders-db: ConnectionRefused; else the reason of condition Ready. Both where the policy is not ready itself.",
        ),
      ),
    effective: z
      .object({
        mode: text("Whether pods become unready, or sidecars only report."),
        timing: z
          .object({
            connectTimeout: sourced(value, "Budget for name resolution and connect together."),
            checkTimeout: sourced(value, "Budget for a whole check."),
            interval: sourced(value, "Time from the start of one check to the start of the next."),
            failureThreshold: sourced(
              wholeNumber,
              "Failures in a row after which a dependency that was up counts as down; the first result decides at once.",
            ),
            successThreshold: sourced(
              wholeNumber,
              "Successes in a row after which a dependency that failed counts as up.",
            ),
          })
          .optional()
          .meta(describe("Times of the checks.")),
        probe: z
          .object({
            periodSeconds: sourced(
              wholeNumber,
              "How often the kubelet asks the injected container, in seconds.",
            ),
            timeoutSeconds: sourced(
              wholeNumber,
              "How long the kubelet waits for an answer, in seconds.",
            ),
          })
          .optional()
          .meta(describe("Times of the probe.")),
        impact: z
          .array(
            z.object({
              name: z.string().max(63).meta(describe("Name of the dependency.")),
              impact: z
                .string()
                .max(63)
                .meta(describe("What a failure of the dependency does to the pod.")),
              source,
            }),
          )
          .max(MAX_DEPENDENCIES)
          .optional()
          .meta({
            ...describe("Impact of each dependency."),
            "x-kubernetes-list-type": "map",
            "x-kubernetes-list-map-keys": ["name"],
          }),
        application: z
          .object({ probes: sourced(value, "What becomes of the probes of the app's containers.") })
          .optional()
          .meta(describe("The app's own containers.")),
        fleet: z
          .object({
            maxUnready: sourced(value, "How many pods one fault may make unready."),
          })
          .optional()
          .meta(describe("All pods together.")),
        rollout: sourced(value, "What becomes of running pods that are not as the policy asks."),
      })
      .optional()
      .meta(
        describe(
          "The values in force, each with its source. While the policy is not accepted, those that were in force before, and still are.",
        ),
      ),
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
        matched: count(
          "Pods that the selector matches, that are not opted out and that no older policy claims.",
        ),
        injected: count("Of the matched, pods that carry the sidecar."),
        outdated: count(
          "Of the injected, pods that run another policy or revision than a new pod would; and pods that follow this policy though it does not match them any more. A pod that went from one policy to another counts in both until it is replaced.",
        ),
        unready: count(
          "Pods whose sidecar says unready, or whose node went silent: of the injected, and of those that follow this policy though it does not match them any more.",
        ),
        optedOut: count(
          "Matching pods that are opted out, of a kind that is never injected, without room for the sidecar, or behind a host that the policy names and without the sidecar; where the namespace is opted out or never reached, all that have no sidecar.",
        ),
        summary: text("injected/matched."),
        wouldBeUnready: count(
          "In a dry run: of the asked, pods that would be unready if the policy were enforced.",
        ),
        asked: count(
          "Pods whose sidecar the operator asks for its reasons, 200 at most: in a dry run those with a ready sidecar, else those whose sidecar says unready, and with fleet.maxUnready 16 that are ready at most.",
        ),
        unknown: count(
          "Of the asked, pods that gave no answer, or none that fits the policy as it is now. Nothing is done because of that.",
        ),
      })
      .optional()
      .meta(describe("Counts of pods.")),
    application: z
      .object({
        probesRaised: count("Pods that follow this policy and whose own probes were raised."),
        probesLeftAlone: count(
          "Pods that follow this policy and have a probe that was to be raised and was not, because a mesh has rewritten it.",
        ),
        raised: changedProbes(
          "What was raised, from what to what in seconds, as container/probe.field=from->to.",
        ),
        leftAlone: changedProbes("What was left alone, as container/probe."),
      })
      .optional()
      .meta(
        describe(
          "The probes that the app's containers bring along, where application.probes or the standards of a ClusterHealthPolicy change them.",
        ),
      ),
    dependencies: z
      .array(
        z.object({
          name: z.string().max(MAX_LABEL_LENGTH).meta(describe("Name of the dependency.")),
          failingPods: count("Of the asked, pods that it makes unready, or would in a dry run."),
          sharedPods: count(
            "Of the asked, pods that stay ready though it is down for them, because more pods than fleet.maxUnready lets go have it down. Absent where there is none.",
          ),
          reason: z
            .string()
            .max(63)
            .optional()
            .meta(describe("Why it fails there; where pods differ, what most of them say.")),
          since: z
            .string()
            .max(63)
            .optional()
            .meta({
              ...describe(
                "Since when the first of these pods has it down, or down for a reason that keeps it unready.",
              ),
              format: "date-time",
            }),
          examples: z
            .array(z.string().max(MAX_NAME_LENGTH))
            .max(MAX_EXAMPLES)
            .optional()
            .meta({
              ...describe("Names of some of these pods."),
              "x-kubernetes-list-type": "atomic",
            }),
        }),
      )
      .max(MAX_DEPENDENCIES)
      .optional()
      .meta({
        ...describe(
          "Dependencies that make pods unready now, or would in a dry run, or if fewer pods shared the fault, as their sidecars say. Those that fail nowhere are left out.",
        ),
        "x-kubernetes-list-type": "map",
        "x-kubernetes-list-map-keys": ["name"],
      }),
    rollout: rolloutStatus,
    dependenciesSummary: z
      .string()
      .max(MAX_SUMMARY_LENGTH)
      .optional()
      .meta(describe("Names of the dependencies, for the wide output of kubectl get.")),
  })
  .optional()
  .meta({
    ...describe("What the operator observed."),
    default: UNOBSERVED_STATUS,
  });

/** The status of a HealthPolicy. */
export type HealthPolicyStatus = NonNullable<z.output<typeof status>>;
/** One of CONDITION_TYPES. */
export type ConditionType = (typeof CONDITION_TYPES)[number];
