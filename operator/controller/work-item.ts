/** What the leader has to work on, one item at a time. */
import { keyOf } from "./kube/kube-object.ts";

/**
 * The policy `namespace/name` and its status, the webhook configuration, the proof that API servers get
 * through to the webhook, or the webhook's certificate.
 */
export type WorkItem =
  | { kind: "policy"; namespace: string; name: string }
  | { kind: "webhookConfiguration" }
  | { kind: "webhookProof" }
  | { kind: "certificate" };

/** Equal for equal items and different for different ones: no kind of work has a slash in its name. */
export function workItemKey(item: WorkItem): string {
  return item.kind === "policy" ? keyOf(item) : item.kind;
}

/** The work on a policy. */
export function policyItem({ namespace, name }: { namespace: string; name: string }): WorkItem {
  return { kind: "policy", namespace, name };
}
