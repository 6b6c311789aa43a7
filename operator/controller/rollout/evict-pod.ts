/** Asks the API server to evict one pod. */
import { ApiError } from "../kube/api-error.ts";
import type { KubeClient } from "../kube/kube-client.ts";
import { whyFailed } from "../kube/why-failed.ts";
import type { PodRecord } from "../pods/pod-record.ts";

/** The results of evictions, as the metric counts them. */
export const EVICTION_RESULTS = ["evicted", "gone", "budget", "failed"] as const;

/** What came of it. `message` is for the status, and holds no text of the API server's. */
export type EvictionResult =
  | { result: "evicted" }
  /** The pod is not there any more, or another one of its name. */
  | { result: "gone" }
  /** A PodDisruptionBudget does not let it go now. */
  | { result: "budget"; message: string }
  /** Refused for another reason, or no answer: it may have been evicted all the same. */
  | { result: "failed"; message: string; error: unknown };

function refusal(error: unknown): EvictionResult {
  const failed: EvictionResult = { result: "failed", message: whyFailed(error), error };
  if (!(error instanceof ApiError)) return failed;
  // The uid in the preconditions is another one's.
  if (error.code === 404 || error.code === 409) return { result: "gone" };
  // Also what an overloaded API server says, which then has another sentence.
  if (error.code === 429 && error.message.includes("disruption budget")) {
    return { result: "budget", message: "a PodDisruptionBudget allows no eviction" };
  }
  // It has that code for it (policy/v1 Eviction): nothing went wrong in the API server.
  if (error.code === 500 && error.message.includes("more than one PodDisruptionBudget")) {
    return { result: "budget", message: "more than one PodDisruptionBudget selects a pod" };
  }
  return failed;
}

/** Whether no pod went, for sure: what is evicted with no answer, or with an error of the API server's, may be gone. */
export function noneWent(outcome: EvictionResult): boolean {
  if (outcome.result === "failed") {
    return outcome.error instanceof ApiError && outcome.error.code < 500;
  }
  return outcome.result !== "evicted";
}

/**
 * Never rejects. The uid keeps a new pod of the same name, as a StatefulSet makes it, from being evicted for the old
 * one.
 */
export async function evictPod(
  client: Pick<KubeClient, "request">,
  { namespace, name, uid }: Pick<PodRecord, "namespace" | "name" | "uid">,
): Promise<EvictionResult> {
  try {
    await client.request({
      method: "POST",
      path: `/api/v1/namespaces/${namespace}/pods/${name}/eviction`,
      body: {
        apiVersion: "policy/v1",
        kind: "Eviction",
        metadata: { namespace, name },
        deleteOptions: { preconditions: { uid } },
      },
    });
    return { result: "evicted" };
  } catch (error) {
    return refusal(error);
  }
}
