/** What the operator reports of a rollout: fields, their documentation and limits. */
import { z } from "zod";
import { MAX_NAME_LENGTH } from "./limits.ts";
import { describe } from "./v1alpha1-fields.ts";

/** A kind of 21 characters, a slash and a name; see workload-of-pod.ts of the controller. */
const MAX_WORKLOAD_LENGTH = 22 + MAX_NAME_LENGTH;
/** Workloads that are left alone; with so many of them nothing is evicted for the policy any more. */
export const MAX_STOPPED_WORKLOADS = 10;
/** Two names and a sentence around them. */
const MAX_ROLLOUT_MESSAGE_LENGTH = 768;

const workload = (description: string) =>
  z.string().max(MAX_WORKLOAD_LENGTH).meta(describe(description));

/** More pods than a cluster can have. */
const MAX_PODS = 1_000_000;
const podCount = (description: string) =>
  z.int32().min(0).max(MAX_PODS).meta(describe(description));

/** The schema of `status.rollout`; there only with `rollout: Restart`, while pods are to be evicted. */
export const rolloutStatus = z
  .object({
    message: z
      .string()
      .max(MAX_ROLLOUT_MESSAGE_LENGTH)
      .meta(describe("What it does or waits for, in one sentence.")),
    evicting: z
      .object({
        workload: workload("Workload of the pod that was evicted last, as Kind/name."),
        pod: z.string().max(MAX_NAME_LENGTH).meta(describe("That pod.")),
        uid: z.string().max(MAX_NAME_LENGTH).meta(describe("The uid of that pod.")),
        revision: z.string().max(63).meta(describe("What new pods had to be like by then.")),
        pods: podCount("Pods that the workload had before."),
        current: podCount("Of these, pods that needed no restart."),
      })
      .optional()
      .meta(
        describe(
          "The eviction under way, written before it is asked for, so that another leader goes on from there.",
        ),
      ),
    stopped: z
      .array(workload("A workload, as Kind/name."))
      .max(MAX_STOPPED_WORKLOADS)
      .optional()
      .meta({
        ...describe(
          "Workloads that are left alone until the policy is edited or one more of their pods is as it asks: an eviction has not helped there.",
        ),
        "x-kubernetes-list-type": "atomic",
      }),
  })
  .optional()
  .meta(describe("With rollout: Restart, while pods are to be replaced."));

/** How far a rollout is. */
export type RolloutStatus = NonNullable<z.output<typeof rolloutStatus>>;
