/** What a HealthPolicy, or the defaults of a ClusterHealthPolicy, may ask for pods that run already. */
import { z } from "zod";
import { describe } from "./v1alpha1-fields.ts";

/** What becomes of running pods that are not as the policy asks. */
const ROLLOUTS = ["Manual", "Restart"] as const;
/** One of ROLLOUTS. */
export type Rollout = (typeof ROLLOUTS)[number];

/** What counts where neither the policy nor a ClusterHealthPolicy says anything. */
export const DEFAULT_ROLLOUT: Rollout = "Manual";

/** The schema of `rollout`; no default, because a ClusterHealthPolicy may supply it. */
export const rollout = z
  .enum(ROLLOUTS)
  .optional()
  .meta(
    describe(
      `Manual: running pods without the sidecar, or with one that an earlier policy asked for, stay until somebody restarts them. Restart: the operator evicts them, one at a time, the next only after a new pod has taken the last one's place and is ready. PodDisruptionBudgets count. Nothing is evicted while a dependency is down, while new pods would get no sidecar, or because of a new sidecar image; pods without a controller and workloads of one pod never are. status.rollout says what it waits for. Built-in default: ${DEFAULT_ROLLOUT}.`,
    ),
  );
